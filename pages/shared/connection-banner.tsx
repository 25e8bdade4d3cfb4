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
    const ago = duration(now.value - current.since);
    return current.hasShown ? (
      <p class="lost">
        Connection lost {ago} ago, trying again… The page shows how it was at {timeOfDay(current.since)}.
      </p>
    ) : (
      <p class="lost">No answer for {ago}, trying again… Is the service running?</p>
    );
  }
  const isBack = current.state === 'live' && current.wasLost && now.value - current.since < shownMs;
  return isBack ? <p class="lost again">Connected again</p> : null;
}
