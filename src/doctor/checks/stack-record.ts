import { StackLedger } from '../../billing/stack-ledger.ts';
import { money } from '../../billing/usage/describe-usage.ts';
import type { Owner } from '../../concertim/model.ts';
import { projectsOf } from '../../concertim/owners.ts';
import { hasRating, listRated } from '../../openstack/rating.ts';
import { isoDate, lastMonthBegin } from '../../runtime/month.ts';
import { type Finding, ok, warning } from '../finding.ts';
import type { Patient } from '../patient.ts';

const check = 'billing.stack-record';

/** Whether everything of the portal's owners that cost something this month and the last was in a stack that was seen. */
export async function checkStackRecord(
  { config, cloud, clock }: Patient,
  owners: readonly Owner[],
  signal: AbortSignal,
): Promise<Finding[]> {
  if (config.billing.rating === 'none' || !(await hasRating(cloud, signal))) return [];
  const record = new StackLedger(config.dataDir);
  const beganAt = await record.beganAt();
  if (beganAt === undefined) {
    return [ok(check, 'No stack was recorded yet, in the data_dir of this configuration')];
  }
  const begin = lastMonthBegin(clock.now());
  const rated = await listRated(cloud, { begin, end: clock.now(), signal });
  if (!rated) return [];
  const known = await record.resources();
  const projects = projectsOf(owners);
  const strays = rated.filter(
    ({ id, projectId, rate }) => rate > 0 && projects.has(projectId) && !known.has(id),
  );
  if (strays.length === 0) return [ok(check, 'All that was rated this month and the last was in a stack')];
  const cost = money(strays.reduce((sum, { rate }) => sum + rate, 0));
  const resources = new Set(strays.map(({ id }) => id));
  const [first] = strays;
  return [
    warning(check, {
      found: `${cost} was rated this month and the last for resources that belong to no known stack: ${resources.size}, such as ${first?.id} of project ${first?.projectId}`,
      why: `No order is billed for them, and no rack shows their cost. They never were in a stack, or were deleted before ${isoDate(beganAt)}, when the record of stacks begins (stacks.jsonl in data_dir), and Heat has no events of them.`,
      repair:
        'If that file was lost, restore it from a backup. `billing plan` lists by project and day what is not billed.',
    }),
  ];
}
