import { isUnknown } from '../shared/live.ts';
import { timeOfDay } from '../shared/now.ts';
import { happenings } from './story.ts';

/** What has happened, the newest first. */
export function Happenings() {
  return (
    <section class="happenings" aria-labelledby="happenings-heading">
      <h2 id="happenings-heading">What happens</h2>
      {happenings.value.length === 0 && (
        <p class="soft">
          {isUnknown.value
            ? 'Loading…'
            : 'Nothing yet. Stop a server or create a stack, and watch its rack follow.'}
        </p>
      )}
      <ol tabIndex={0} aria-label="What has happened, the newest first">
        {happenings.value.map(({ key, at, told, lagMs }) => (
          <li key={key}>
            <time class="soft">{timeOfDay(at)}</time>
            <span>{told}</span>
            {lagMs !== null && <span class="ms">{Math.round(lagMs)} ms</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}
