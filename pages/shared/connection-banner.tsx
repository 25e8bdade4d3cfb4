import { connection } from './live.ts';
import { duration, now, timeOfDay } from './now.ts';

const shownMs = 4_000;

/** Says that what is shown is not the present, for as long as that is so, and for a moment that it is again. */
export function ConnectionBanner() {
  return <div aria-live="assertive">{banner()}</div>;
}

function banner() {
  const current = connection.value;
  if (current.state === 'lost') {
    return (
      <p class="lost">
        Connection lost {duration(now.value - current.since)} ago. This is how it was at{' '}
        {timeOfDay(current.since)}; trying again…
      </p>
    );
  }
  const isBack = current.state === 'live' && current.wasLost && now.value - current.since < shownMs;
  return isBack ? <p class="lost again">Connected again</p> : null;
}
