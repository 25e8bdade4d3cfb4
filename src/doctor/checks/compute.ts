import { TimeoutError } from '../../http/errors.ts';
import { listFlavors, type sampleServers } from '../../openstack/compute.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { microversion } from '../../openstack/microversion.ts';
import { advice, error, type Finding, ok, warning } from '../finding.ts';
import type { Patient } from '../patient.ts';
import { checkCells } from './cells.ts';

/** Some servers of all projects, as Nova lists them. */
export type ServerSample = Awaited<ReturnType<typeof sampleServers>>;

/** Enough that one of them is of a stack, where stacks are what the cloud is used for. */
export const sampleSize = 50;
/** From here on Nova shows in lists which stack a server is of, if Heat tells it. */
const hintsSince = 100;

/** Nova: which version, and whether it shows the servers of all projects. */
export async function checkCompute(
  patient: Patient,
  sample: Promise<ServerSample>,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { cloud } = patient;
  const version = await microversion(cloud, signal);
  const findings = [ok('nova.microversion', `Nova is used at microversion ${version}`)];
  try {
    const servers = await sample;
    findings.push(ok('nova.all_tenants', 'Nova shows the servers of all projects'));
    findings.push(await checkCells(patient, signal));
    if (Number(version.split('.')[1]) < hintsSince || servers.length === 0) return findings;
    const isTold = servers.some((server) => server.kind === 'server' && server.rootStackId !== null);
    findings.push(isTold ? ok('heat.scheduler_hints', 'Servers name their stack') : adviseHints());
    return findings;
  } catch (cause) {
    if (cause instanceof TimeoutError) {
      // Flavors are stored outside the cells: an answer here means that Nova itself works, and waits for a cell.
      await listFlavors(cloud, { signal });
      return [...findings, waitsForCell(patient)];
    }
    if (!(cause instanceof OpenStackError) || cause.status !== 403) throw cause;
    return [...findings, refused(cause)];
  }
}

/** What is found where Nova answers and its list of servers does not come. */
export const listIsSlow = 'nova.servers';

function waitsForCell({ timeoutMs }: Patient): Finding {
  return warning(listIsSlow, {
    found: `Nova lists flavors, and does not list servers within ${timeoutMs / 1_000} s`,
    why: 'Nova waits a minute for each cell that it does not reach, and then leaves the servers of that cell out.',
    repair: 'Look for nova.cells here. If all cells are reached, their databases or Nova are overloaded.',
  });
}

function adviseHints(): Finding {
  return advice('heat.scheduler_hints', {
    found: 'No server names its stack',
    why: 'With it, the service need not read the resources of each new or changed stack from Heat.',
    repair:
      'In heat.conf, [DEFAULT]: stack_scheduler_hints = True; then restart heat-engine. It applies to new servers.',
  });
}

function refused({ upstream }: OpenStackError): Finding {
  return error('nova.all_tenants', {
    found: `Nova does not show the servers of all projects: ${upstream}`,
    why: 'Devices show servers: without the list, racks stay empty.',
    repair:
      'Give the account the role admin in its project, or allow it in Nova\'s policy.yaml: "os_compute_api:servers:detail:get_all_tenants".',
  });
}
