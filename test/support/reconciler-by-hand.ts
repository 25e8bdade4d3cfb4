import { createLogger } from '../../src/observability/logger.ts';
import { Traffic } from '../../src/observability/traffic.ts';
import type { DeletionPolicy } from '../../src/plan/brake.ts';
import type { AuditPace } from '../../src/reconcile/audit-timer.ts';
import { Reconciler } from '../../src/reconcile/reconciler.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { type Random, seededRandom } from '../../src/runtime/random.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { portalRelease } from './portal-release.ts';
import { sessionsOn } from './sandbox-sessions.ts';

export interface ReconcilerByHand extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly reconciler: Reconciler;
  readonly random: Random;
  /** What it logs from `info` on, a line each. */
  readonly logged: readonly string[];
}

/** A sandbox that does nothing by itself, and a reconciler on it that is run by hand. */
export async function startReconcilerByHand(
  sandboxOptions: SandboxOptions & { readonly clock: Clock },
  options: { readonly deletions: DeletionPolicy; readonly audit?: AuditPace },
): Promise<ReconcilerByHand> {
  const { clock } = sandboxOptions;
  const { deletions, audit } = options;
  const logged: string[] = [];
  const sandbox = await startSandbox({
    projects: 2,
    pace: 0,
    release: portalRelease(),
    ...sandboxOptions,
  });
  const random = seededRandom(1);
  const traffic = new Traffic();
  const onExchange = ({ service }: { readonly service: string }) => traffic.count(service);
  const { cloud, portal, close } = sessionsOn(sandbox.config, { clock, random, onExchange });
  const reconciler = new Reconciler({
    clouds: [{ name: 'cloud', session: cloud }],
    portal,
    ...(audit && { audit }),
    settings: { standaloneServers: 'ignore', defaultRackHeight: 42, deletions },
    traffic,
    clock,
    random,
    log: createLogger({ level: 'info', format: 'json', output: { write: (line) => logged.push(line) } }),
  });
  return {
    sandbox,
    reconciler,
    random,
    logged,
    async [Symbol.asyncDispose]() {
      await close();
      await sandbox.close();
    },
  };
}
