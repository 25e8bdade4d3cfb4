import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/logger.ts';
import type { RunReport } from '../../src/reconcile/run-report.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { Service } from '../../src/service.ts';
import { HastyClock } from './manual-clock.ts';
import { portalRelease } from './portal-release.ts';

export interface ScenarioOptions extends Omit<SandboxOptions, 'clock'> {
  /** What config.yaml says beside the sandbox's own addresses. */
  readonly config?: Record<string, unknown> | ((sandbox: Sandbox) => Record<string, unknown>);
  readonly allowDeletions?: boolean;
}

/** A sandbox and the whole service on it, one run at a time, in a time that passes only when somebody waits. */
export interface Scenario extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly clock: HastyClock;
  /** All that was logged so far, a line each. */
  readonly logged: string[];
  /** One full run; its report. Fails when the run itself did. */
  run(): Promise<RunReport>;
  /** One full run that may fail as a whole: its report, if there was one. */
  tryRun(): Promise<RunReport | undefined>;
  /** Runs until the signal is aborted. */
  work(signal: AbortSignal): Promise<void>;
  /** The process ends and starts again: nothing is remembered but by the portal and `data_dir`. */
  restart(): Promise<void>;
}

export async function startScenario(options: ScenarioOptions = {}): Promise<Scenario> {
  const { config = {}, allowDeletions, ...sandboxOptions } = options;
  const clock = new HastyClock();
  const sandbox = await startSandbox({
    projects: 1,
    stacks: 1,
    servers: 3,
    pace: 0,
    release: portalRelease(),
    ...sandboxOptions,
    clock,
  });
  const folder = mkdtempSync(join(tmpdir(), 'scenario-'));
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    stringify({
      log_level: 'debug',
      data_dir: join(folder, 'data'),
      ...sandbox.config,
      ...(typeof config === 'function' ? config(sandbox) : config),
    }),
  );
  const logged: string[] = [];
  const log = createLogger({
    level: 'debug',
    format: 'json',
    output: { write: (line) => logged.push(line) },
  });
  const reports: RunReport[] = [];
  const start = () =>
    new Service({
      config: loadConfig({ file }),
      components: ['updates_bulk'],
      clock,
      random: seededRandom(1),
      log,
      allowDeletions: allowDeletions ?? false,
      onReport: (report) => reports.push(report),
    });
  let service = start();

  const tryRun = async () => {
    const before = reports.length;
    for (const { forget } of Object.values(sandbox.services).map((s) => ({ forget: () => s.forget() })))
      forget();
    await service.runOnce(new AbortController().signal);
    return reports[before];
  };
  return {
    sandbox,
    clock,
    logged,
    tryRun,
    work: (signal) => service.run(signal),
    async run() {
      const report = await tryRun();
      if (!report)
        throw new Error(`the run failed: ${logged.findLast((line) => line.includes('reconcile failed'))}`);
      return report;
    },
    async restart() {
      await service[Symbol.asyncDispose]();
      service = start();
    },
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
