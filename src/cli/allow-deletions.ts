import { userInfo } from 'node:os';
import { loadConfig } from '../config/load.ts';
import { ConfigError } from '../config/problems.ts';
import { removedObjects } from '../plan/removed-objects.ts';
import { allowanceUntil, DeletionAllowance } from '../reconcile/deletion-allowance.ts';
import { systemClock } from '../runtime/clock.ts';
import { Service } from '../service.ts';
import { exitCodes } from './exit-codes.ts';
import { type PrintPlanOptions, printPlan } from './print-plan.ts';
import { onStandardError, withProgress } from './progress.ts';
import { stopSignal } from './stop-signal.ts';

export interface AllowDeletionsOptions extends PrintPlanOptions {
  readonly config?: string;
  readonly yes?: boolean;
  /** For how long a service may be silent before its first answer, s. */
  readonly timeout: number;
}

/**
 * `allow-deletions`: prints what a run would delete if nothing held it back, and with `--yes` lets the next full run of the
 * running service do so, once, and no more than that.
 *
 * @returns 0 nothing would be deleted, or it is allowed; 2 something would be
 */
export async function allowDeletions(options: AllowDeletionsOptions): Promise<number> {
  const config = loadConfig({ file: options.config });
  const { dataDir } = config;
  if (dataDir === undefined) {
    throw new ConfigError([
      'The permission is a file in data_dir, and none is configured. Set data_dir, for the service and for this command; ' +
        'or stop the service and call: run updates_bulk --once --allow-deletions.',
    ]);
  }
  await using service = new Service({
    config: { ...config, logLevel: 'critical' },
    components: [],
    allowDeletions: true,
  });
  using stop = stopSignal();
  const survey = await withProgress(
    (signal) => service.plan(signal),
    onStandardError(service, options.timeout, stop.signal),
  );
  printPlan(survey, options);
  const removed = removedObjects(survey.plan);
  if (removed.length === 0) {
    console.error('Nothing would be deleted: there is nothing to allow.');
    return exitCodes.success;
  }
  const objects = removed.length === 1 ? 'this object' : `these ${removed.length} objects`;
  if (!options.yes) {
    console.error(`Nothing was allowed. To let the running service delete ${objects}: allow-deletions --yes`);
    return exitCodes.difference;
  }
  const { intervalMs } = config.updates;
  const until = allowanceUntil(systemClock.now(), intervalMs);
  await new DeletionAllowance({ dataDir, clock: systemClock }).give({
    objects: removed,
    until,
    by: account(),
  });
  console.error(
    `Allowed: the next full run of the running service, within ${Math.ceil(intervalMs / 1_000)} s, may delete ${objects} besides what it would delete anyway. ` +
      `The permission expires at ${until}.`,
  );
  return exitCodes.success;
}

/** A container may run under an id that has no name. */
function account(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
