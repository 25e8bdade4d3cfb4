import { systemClock } from '../../../src/runtime/clock.ts';
import { Child } from '../child.ts';
import { type Figure, figureOf, type Sample } from '../figure.ts';
import type { MetricsAnswers } from '../metrics-process.ts';
import { type Setting, Stage } from '../stage.ts';

/** A new sample of each metric is there after ten seconds. */
const betweenMs = 11_000;

/** Cycles of the component `metrics`. The first one learns everything and does not count. */
export async function measureMetrics(setting: Setting): Promise<Figure[]> {
  await using stage = await Stage.set(setting);
  await stage.sandbox.ask('showServers');
  await using metrics = await Child.start<MetricsAnswers>(
    'metrics-process.ts',
    await stage.sandbox.ask('config'),
  );
  const samples: Sample[] = [];
  await metrics.ask('cycle');
  while (samples.length < setting.repetitions) {
    await systemClock.sleep(betweenMs);
    const { ms, requests, ...cycle } = await metrics.ask('cycle');
    const phases = Object.entries(ms).map(([phase, time]) => [`${phase} ms`, time]);
    samples.push({ ...cycle, ...Object.fromEntries(phases), 'requests gnocchi': requests['Gnocchi'] ?? 0 });
  }
  return [figureOf({ ...setting, name: 'metrics' }, samples)];
}
