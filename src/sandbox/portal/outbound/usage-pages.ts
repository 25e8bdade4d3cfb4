import { PageCrash } from './companion.ts';
import { envOf, mustHaveUser, type OutboundContext } from './outbound-context.ts';
import { type PageAnswer, page } from './page-answer.ts';

type Figures = Readonly<Record<string, number>>;

/** What the page of limits computes with. */
const limitsUsed = [
  'totalCoresUsed',
  'maxTotalCores',
  'totalRAMUsed',
  'maxTotalRAMSize',
  'totalInstancesUsed',
  'maxTotalInstances',
  'totalVolumesUsed',
  'maxTotalVolumes',
  'totalGigabytesUsed',
  'maxTotalVolumeGigabytes',
];
const quotasUsed = ['ram'];
const statisticsUsed = [
  'total_vcpus',
  'used_vcpus',
  'total_disk_space',
  'used_disk_space',
  'total_ram',
  'used_ram',
  'running_vms',
];

/** The page of what a team may use: quotas, read without credentials, or limits, read as the visitor. */
export async function showTeamUsage(
  context: OutboundContext,
  { userId, teamId = userId }: { readonly userId: number; readonly teamId?: number },
): Promise<PageAnswer<Figures>> {
  const { rules, companion } = context;
  const projectId = mustHaveUser(context, teamId).project_id;
  return page(async () => {
    if (rules.usage === 'quotas') {
      const { body } = await companion.call({ method: 'GET', path: `/team/${projectId}/quotas` });
      return figuresIn(body?.['quotas'], quotasUsed);
    }
    const user = mustHaveUser(context, userId);
    const cloud_env = user.root
      ? { ...context.admin(), project_id: projectId }
      : envOf(context, user, projectId);
    const { body } = await companion.call({ method: 'GET', path: '/team/limits', body: { cloud_env } });
    return figuresIn(body?.['limits'], limitsUsed);
  });
}

/** The page of the whole cloud, for administrators; the call carries no credentials. */
export async function showStatistics({ companion }: OutboundContext): Promise<PageAnswer<Figures>> {
  return page(async () => {
    const { body } = await companion.call({ method: 'GET', path: '/statistics' });
    return figuresIn(body?.['stats'], statisticsUsed);
  });
}

/** @throws {PageCrash} a figure that the page computes with is no number */
function figuresIn(value: unknown, used: readonly string[]): Figures {
  if (typeof value !== 'object' || value === null) throw new PageCrash("undefined method `[]' for nil");
  const figures = value as Readonly<Record<string, unknown>>;
  const missing = used.find((name) => typeof figures[name] !== 'number');
  if (missing !== undefined) throw new PageCrash(`undefined method '/' for nil (${missing})`);
  return figures as Figures;
}
