import { listUnreachableHosts } from '../../openstack/compute.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { error, type Finding, ok } from '../finding.ts';
import type { Patient } from '../patient.ts';

const check = 'nova.cells';
const mostNamed = 10;

/** Whether Nova reaches all of its cells, by what it says of its hosts. */
export async function checkCells(
  { cloud, timeoutMs }: Pick<Patient, 'cloud' | 'timeoutMs'>,
  signal: AbortSignal,
): Promise<Finding> {
  try {
    const hosts = await listUnreachableHosts(cloud, { timeoutMs, signal });
    if (hosts === undefined) return ok(check, 'Nova before 2.69 does not say whether it reaches its cells');
    return hosts.length === 0 ? ok(check, 'Nova reaches all of its cells') : down(hosts);
  } catch (cause) {
    if (!(cause instanceof OpenStackError) || cause.status !== 403) throw cause;
    return ok(check, `Nova does not say whether it reaches its cells: ${cause.upstream}`);
  }
}

function down(hosts: readonly string[]): Finding {
  const named = hosts.slice(0, mostNamed).join(', ');
  const more = hosts.length > mostNamed ? `, and ${hosts.length - mostNamed} more` : '';
  return error(check, {
    found: `Nova does not reach the cell of ${hosts.length} hosts: ${named}${more}`,
    why: 'Devices of servers on these hosts keep what they show. Everything else is updated, but each full run takes minutes longer.',
    repair:
      'On a controller: nova-manage cell_v2 list_cells --verbose; check the database and the message queue of the cell that these hosts belong to.',
  });
}
