import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { isInStep } from '../plan/totals.ts';
import { unreadIn } from '../reconcile/unread-in.ts';
import { printable } from '../runtime/printable.ts';
import { explain } from '../runtime/severity.ts';
import { deleteQueues } from '../service/delete-queues.ts';
import { configToShowNothing } from '../service/show-nothing.ts';
import { Service } from '../service.ts';
import { exitCodes } from './exit-codes.ts';
import { type PrintPlanOptions, printPlan } from './print-plan.ts';
import { onStandardError, withProgress } from './progress.ts';
import { stopSignal } from './stop-signal.ts';

export interface DecommissionOptions extends PrintPlanOptions {
  readonly config?: string;
  readonly yes?: boolean;
  /** For how long a service may be silent before its first answer, s. */
  readonly timeout: number;
}

/**
 * `decommission`: removes what the service has made in the portal and in RabbitMQ; without `--yes` it only prints that.
 * Objects made by hand stay, and so does everything in OpenStack.
 *
 * @returns 0 nothing is left; 2 something is; an error is 1
 */
export async function decommission(options: DecommissionOptions): Promise<number> {
  const config = {
    ...configToShowNothing(loadConfig({ file: options.config })),
    logLevel: 'critical' as const,
  };
  using stop = stopSignal();
  const isEmpty = await emptyPortal(config, options, stop.signal);
  if (!isEmpty) {
    if (!options.yes) console.error('Nothing was removed. Stop the service, then: decommission --yes');
    return exitCodes.difference;
  }
  if (options.yes) {
    await deleteQueues(config, stop.signal).catch((error: unknown) => {
      console.error(printable(`Queues not deleted: ${explain(error)}`));
    });
  }
  if (!options.json) console.log(printable(whatStays(config)));
  return exitCodes.success;
}

/** @returns whether nothing of ours is left in the portal */
async function emptyPortal(
  config: Config,
  options: DecommissionOptions,
  signal: AbortSignal,
): Promise<boolean> {
  await using service = new Service({
    config,
    components: ['updates_bulk'],
    decommissions: true,
  });
  const how = onStandardError(service, options.timeout, signal);
  const look = () => withProgress((until) => service.plan(until), how);
  const before = await look();
  const isDone = (survey: typeof before) => isInStep(survey.plan, unreadIn(survey));
  if (isDone(before)) return true;
  if (!options.yes) {
    printPlan(before, options);
    return false;
  }
  await withProgress((until) => service.runOnce(until), how);
  const after = await look();
  if (isDone(after)) return true;
  printPlan(after, options);
  return false;
}

function whatStays({ clouds, dataDir, logDir }: Config): string {
  return [
    'Nothing that this service made is left in the portal. These stay, until you delete them:',
    ...clouds.flatMap(({ rmq }) =>
      rmq ? [`  RabbitMQ   queues concertim.${rmq.deployment}.*, if they could not be deleted`] : [],
    ),
    '  Keystone   users and projects made for portal users and teams (their servers are in them); the account of the service,',
    '             and its role watcher in their projects',
    '  Gnocchi    archive policies made by doctor --fix',
    ...(dataDir === undefined ? [] : [`  files      ${dataDir}`]),
    ...(logDir === undefined ? [] : [`  files      ${logDir}`]),
  ].join('\n');
}
