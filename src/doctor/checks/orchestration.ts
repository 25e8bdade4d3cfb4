import type { Owner } from '../../concertim/model.ts';
import { projectsOf } from '../../concertim/owners.ts';
import type { ProjectId, UserId } from '../../openstack/model.ts';
import { readStacks, wayToAllStacks } from '../../openstack/stack-list.ts';
import { advice, error, type Finding, ok } from '../finding.ts';
import type { Patient } from '../patient.ts';

/** Heat: by which way the stacks of all projects can be listed. */
export async function checkOrchestration(
  { cloud }: Patient,
  owners: readonly Owner[],
  signal: AbortSignal,
): Promise<Finding[]> {
  const check = 'heat.list';
  const way = await wayToAllStacks(cloud, signal);
  if (way === 'administrator')
    return [ok(check, 'Heat lists the stacks of all projects to this account, as an administrator')];
  if (way === 'global tenant') return [ok(check, 'Heat lists the stacks of all projects by global_tenant')];
  const projects = [...projectsOf(owners)] as ProjectId[];
  const { count, unreadable } = await listEach(cloud, projects, signal);
  if (way === 'unknown' && count + unreadable.length === 0) return [ok(check, 'No stack exists yet')];
  const { userId } = await cloud.token(signal);
  return [adviseOneList(check), ...unreadable.map((id) => unreadableProject(id, userId))];
}

function adviseOneList(check: string): Finding {
  return advice(check, {
    found: 'Heat lists stacks only project by project',
    why: 'One list for all projects is one request instead of one for each project.',
    repair:
      'Give the account the role admin in the project admin; or in heat\'s policy.yaml: "stacks:global_index": "role:admin", then restart heat-api.',
  });
}

function unreadableProject(id: ProjectId, userId: UserId): Finding {
  return error('heat.project', {
    found: `Heat refuses to list the stacks of project ${id}`,
    why: 'Its racks stay as they are, whatever happens to its stacks.',
    repair: `openstack role add --user ${userId} --project ${id} member`,
    remedy: { kind: 'grant-role', role: 'member', userId, projectId: id },
  });
}

async function listEach(
  cloud: Patient['cloud'],
  projects: readonly ProjectId[],
  signal: AbortSignal,
): Promise<{ count: number; unreadable: readonly ProjectId[] }> {
  try {
    const { stacks, unreadable, unobserved } = await readStacks(cloud, { projects }, signal);
    return { count: stacks.length + unreadable.length, unreadable: [...unobserved.keys()] };
  } catch {
    signal.throwIfAborted();
    // It gives up where none of them can be read.
    return { count: 0, unreadable: projects };
  }
}
