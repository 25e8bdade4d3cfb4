import type { ComponentName } from '../components.ts';
import type { LoadedConfig } from '../config/load.ts';
import { reopenLogFiles } from '../observability/log-file.ts';
import { changeCount, isSuccess, type RunReport } from '../reconcile/run-report.ts';
import type { Sessions } from '../service/sessions.ts';
import { standBy } from '../service/stand-by.ts';
import { Service } from '../service.ts';
import type { Named } from './component-names.ts';
import { stopSignal } from './stop-signal.ts';

export interface RunOptions {
  readonly config?: string;
  readonly once?: boolean;
  readonly allowDeletions?: boolean;
  readonly logFormat?: 'json' | 'pretty';
}

/** What is to run, and on what. */
export interface Work extends Omit<RunOptions, 'config'>, Pick<LoadedConfig, 'config' | 'file'> {
  readonly named: readonly Named[];
  readonly sessions: Sessions;
}

/** @returns the exit code */
export async function runComponents({ named, config, file, sessions, ...options }: Work): Promise<number> {
  // Where there are no log files, the end of the terminal is the end of the service.
  if (config.logDir !== undefined) process.on('SIGHUP', reopenLogFiles);
  const format = { logFormat: options.logFormat ?? usualLogFormat() };
  const working = named.filter(isComponent);
  if (working.length === 0) {
    using stop = stopSignal();
    if (!options.once) await standBy('billing', { config, ...format }, stop.signal);
    return 0;
  }
  let report: RunReport | undefined;
  await using service = new Service({
    onReport: (made) => {
      report = made;
    },
    config,
    sessions,
    configFile: file,
    components: working.map(({ component }) => component),
    startedAs: Object.fromEntries(working.map(({ component, startedAs }) => [component, startedAs])),
    ...format,
    allowDeletions: options.allowDeletions ?? false,
  });
  using stop = stopSignal();
  if (options.once) {
    const isWell = await service.runOnce(stop.signal);
    // A run that changes nothing logs nothing at level info: without this a person would not know how it ended.
    if (report && format.logFormat === 'pretty') console.error(describeRun(report));
    return isWell ? 0 : 1;
  }
  await service.run(stop.signal);
  return 0;
}

/** How a single run ended, for a person. */
function describeRun(report: RunReport): string {
  const count = changeCount(report);
  const held = report.held.length > 0 ? `; ${report.held.length} held, which plan lists` : '';
  if (!isSuccess(report)) return `Not in step: the lines above say why${held}.`;
  if (count === 0) return held ? `Nothing changed${held}.` : 'In step: nothing to change.';
  return `${count === 1 ? '1 change' : `${count} changes`} made, none failed${held}.`;
}

/** Text on a terminal, JSON for programs that collect the lines. */
function usualLogFormat(): 'json' | 'pretty' {
  return process.stdout.isTTY ? 'pretty' : 'json';
}

function isComponent(named: Named): named is Named & { readonly component: ComponentName } {
  return named.component !== 'billing';
}
