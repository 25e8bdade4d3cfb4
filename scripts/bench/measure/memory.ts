import { systemClock } from '../../../src/runtime/clock.ts';
import { ended, runCommand, startCommand } from '../command.ts';
import { type Figure, figureOf, percentile } from '../figure.ts';
import { onListeningStage } from '../listening-stage.ts';
import { rssMbOf } from '../memory-of.ts';
import type { Setting, Stage } from '../stage.ts';

/** Full runs and cycles of metrics follow each other closer than by default, so that a minute shows what a day does. */
const settings = { updates: { interval: 10 }, metrics: { interval: 10 } };
const settleMs = 30_000;
const watchMs = 60_000;

/** Memory of one process that runs all components, after its first run: is it little, and does it stay? */
export function measureMemory(setting: Setting): Promise<Figure[]> {
  return onListeningStage('memory', setting, settings, (stage) => measureOn(stage, setting));
}

async function measureOn(stage: Stage, setting: Setting): Promise<Figure[]> {
  // Fills the portal. Then all components once, for the cache of compiled modules: what strips a checkout's types stays
  // in memory, 35 MB, and an installed package has none to strip.
  await runCommand(stage, ['run', '--once']);
  await whileAllRun(stage, () => Promise.resolve());

  return whileAllRun(stage, async (pid) => {
    const seen: number[] = [];
    const until = performance.now() + watchMs;
    while (performance.now() < until) {
      await systemClock.sleep(250);
      seen.push(rssMbOf(pid));
    }
    const half = seen.length / 2;
    const sample = {
      rssMb: percentile(seen, 0.5),
      peakRssMb: percentile(seen, 1),
      'peakRssMb, first half': percentile(seen.slice(0, half), 1),
      'peakRssMb, second half': percentile(seen.slice(half), 1),
    };
    return [figureOf({ ...setting, name: 'memory of all components' }, [sample])];
  });
}

/** Gives the process of all components, settled, to `watch`; ends it afterwards. */
async function whileAllRun<T>(stage: Stage, watch: (pid: number | undefined) => Promise<T>): Promise<T> {
  const { process } = startCommand(['run', '-c', stage.config]);
  try {
    await systemClock.sleep(settleMs);
    return await watch(process.pid);
  } finally {
    process.kill();
    await ended(process);
  }
}
