import { duration } from '../shared/now.ts';
import { serviceNow } from './service.ts';

/** How long ago that was; the exact time is in the tooltip. */
export function Ago({ at }: { at: string | null }) {
  if (at === null) return <span class="soft">never</span>;
  return (
    <time dateTime={at} title={new Date(at).toLocaleString()}>
      {duration(serviceNow.value - Date.parse(at))} ago
    </time>
  );
}
