import type { StatusPageOptions } from '../api/status-page/status-page.ts';
import { askStatuses, statusPlaces } from '../ask-status.ts';
import { componentsFor } from '../components.ts';
import type { Config } from '../config/config.ts';
import type { Status } from '../observability/status.ts';
import { planJson } from '../plan/plan-json.ts';
import type { Survey } from '../reconcile/reconciler.ts';
import { unreadIn } from '../reconcile/unread.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';

export interface StatusPageParts {
  readonly config: Config;
  /** Path of the configuration's file; undefined: it came from no file. */
  readonly file: string | undefined;
  readonly status: () => Status;
  readonly plan: () => Promise<Survey>;
  readonly clock: Clock;
}

/** The other processes of the machine are asked again when their answers are older, ms. */
const freshMs = 2_000;

/** What the status page is told, from all folders; undefined: it is switched off. */
export function statusPage({
  config,
  file,
  status,
  plan,
  clock,
}: StatusPageParts): StatusPageOptions | undefined {
  if (!config.api.ui) return undefined;
  const places = statusPlaces(config.observability);
  let others: readonly Status[] = [];
  let askedAt = Number.NEGATIVE_INFINITY;
  return {
    token: config.api.uiToken,
    statuses: async () => {
      const own = status();
      if (places.usual.length > 0 && ageOf(askedAt, clock.now()) > freshMs) {
        askedAt = clock.now();
        // What is wrong with them is theirs to say.
        others = await askStatuses(places).catch(() => []);
      }
      return [own, ...others.filter(({ pid }) => pid !== own.pid)];
    },
    // Without the ports of the others only this process is seen.
    expected: places.usual.length > 0 ? componentsFor(config) : [],
    plan: async () => {
      const survey = await plan();
      return { plan: planJson(survey.plan, survey.portal, unreadIn(survey.seen)) };
    },
    examine: file === undefined ? undefined : () => diagnose(config, file),
  };
}

/** The doctor has connections of its own, and is loaded for the first who asks: most never do. */
async function diagnose(config: Config, file: string) {
  const [{ admit }, { examine }] = await Promise.all([
    import('../doctor/patient.ts'),
    import('../doctor/examine.ts'),
  ]);
  await using patient = admit({ config, file });
  const { findings, unchecked } = await examine(patient, new AbortController().signal);
  const told = findings.map(({ check, level, found, why, repair }) => ({ check, level, found, why, repair }));
  return { findings: told, unchecked };
}
