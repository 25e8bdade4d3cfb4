import type { Status } from '../../observability/status.ts';
import { error, type Finding, ok } from '../finding.ts';

const check = 'updates.contested';
const mostNamed = 5;

/** Whether the running service finds its changes undone, by what its processes on this machine say. */
export function checkWriters(running: readonly Status[]): Finding[] {
  const contested = running.flatMap(({ updates }) => updates?.contested ?? []);
  if (contested.length > 0) {
    const named = contested.slice(0, mostNamed).join(', ');
    const more = contested.length > mostNamed ? `, and ${contested.length - mostNamed} more` : '';
    return [
      error(check, {
        found: `Another writer undoes what the service writes to ${named}${more}`,
        why: 'They are skipped for an hour: two writers with different settings make and delete the same objects again and again.',
        repair:
          'Stop the other service that writes to this portal, or give both the same settings and one RabbitMQ (rmq.*) or data_dir, by which they elect one writer. If a person edits these objects, ask them. If the database of the portal was restored several times within the hour, restart the service.',
      }),
    ];
  }
  return running.some(({ updates }) => updates)
    ? [ok(check, 'Nobody undoes what the running service writes')]
    : [];
}
