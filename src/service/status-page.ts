import type { StatusPageOptions } from '../api/status-page/status-page.ts';
import { askStatuses, statusPlaces } from '../ask-status.ts';
import { componentsFor } from '../components.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../observability/logger.ts';
import type { Status } from '../observability/status.ts';
import { planJson } from '../plan/plan-json.ts';
import type { Survey } from '../reconcile/reconciler.ts';
import { unreadIn } from '../reconcile/unread-in.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';
import type { Secret } from '../runtime/secret.ts';
import type { WritePause } from '../runtime/write-pause.ts';
import { ownPageToken } from './page-token.ts';

export interface StatusPageParts {
  readonly config: Config;
  /** Path of the configuration's file; undefined: it came from no file. */
  readonly file: string | undefined;
  readonly status: () => Status;
  readonly plan: () => Promise<Survey>;
  readonly writePause: WritePause;
  /** Whether everybody on this machine may open it without a token, as in a sandbox. */
  readonly isOpen: boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How old the answers of other processes on the machine may be before they are queried again, ms. */
const freshMs = 2_000;

/** Collects what the status page shows; undefined: the page is switched off. */
export function statusPage({
  config,
  file,
  status,
  plan,
  writePause,
  isOpen,
  clock,
  log,
}: StatusPageParts): StatusPageOptions | undefined {
  if (!config.api.ui) return undefined;
  const token = isOpen ? config.api.uiToken : tokenOf(config, log);
  if (!isOpen && token === undefined) return undefined;
  const places = statusPlaces(config);
  let others: readonly Status[] = [];
  let askedAt = Number.NEGATIVE_INFINITY;
  return {
    token,
    statuses: async () => {
      const own = status();
      if (places.usual.length > 0 && ageOf(askedAt, clock.now()) > freshMs) {
        askedAt = clock.now();
        // What is wrong with them is theirs to say.
        others = await askStatuses(statusPlaces(config)).catch(() => []);
      }
      return [own, ...others.filter(({ pid }) => pid !== own.pid)];
    },
    portal: config.concertim.url,
    // Without the ports of the others only this process is seen.
    expected: places.usual.length > 0 ? componentsFor(config) : [],
    plan: async () => {
      const survey = await plan();
      return { plan: planJson(survey.plan, survey.portal, unreadIn(survey)) };
    },
    writePause,
    examine: file === undefined ? undefined : () => diagnose(config, file),
  };
}

/** A loopback connection proves nothing, since a proxy on this machine makes one for everybody. Access to the token file does. */
function tokenOf({ api, dataDir }: Config, log: Logger): Secret | undefined {
  if (api.uiToken !== undefined) return api.uiToken;
  if (dataDir === undefined) {
    log.info('status page not served: neither api.ui_token nor data_dir is set');
    return undefined;
  }
  try {
    return ownPageToken(dataDir);
  } catch (err) {
    log.warn({ err }, 'status page not served: failed to create its token in data_dir');
    return undefined;
  }
}

/** The doctor has connections of its own, and is loaded for the first who asks: most never do. */
async function diagnose(config: Config, file: string) {
  const [{ admit }, { examine }, { labelOf }] = await Promise.all([
    import('../doctor/patient.ts'),
    import('../doctor/examine.ts'),
    import('../doctor/finding.ts'),
  ]);
  await using patient = admit({ config, file });
  const { findings, unchecked } = await examine(patient, new AbortController().signal);
  const told = findings.map(({ level, found, why, repair, ...of }) => ({
    check: labelOf(of),
    level,
    found,
    why,
    repair,
  }));
  return {
    findings: told,
    unchecked: unchecked.map(({ because, ...of }) => ({ check: labelOf(of), because })),
  };
}
