import { randomUUID } from 'node:crypto';
import { systemClock } from '../../../src/runtime/clock.ts';
import { startPrivateBroker, whyNoPrivateBroker } from '../../../test/support/rabbitmq.ts';
import { ended, startCommand } from '../command.ts';
import { type Figure, figureOf, percentile } from '../figure.ts';
import { rssMbOf } from '../memory-of.ts';
import { type Setting, Stage } from '../stage.ts';

/** Full runs and cycles of metrics follow each other closer than by default, so that a minute shows what a day does. */
const settings = { updates: { interval: 10 }, metrics: { interval: 10 } };
const settleMs = 30_000;
const watchMs = 60_000;

/** Memory of one process that runs all components, after its first run: is it little, and does it stay? */
export async function measureMemory(setting: Setting): Promise<Figure[]> {
  const why = whyNoPrivateBroker();
  if (why !== undefined) {
    console.log(`memory: not measured: ${why}`);
    return [];
  }
  await using broker = await startPrivateBroker();
  const prefix = `bench-${randomUUID().slice(0, 8)}-`;
  const rmq = {
    rmq_address: broker.host,
    rmq_port: broker.port,
    rmq_username: 'guest',
    rmq_password: 'guest',
    deployment: prefix,
    exchanges: [`${prefix}nova`, `${prefix}heat`],
  };
  await using stage = await Stage.set(
    setting,
    { ...settings, rmq },
    { url: broker.url, exchangePrefix: prefix },
  );
  await using filling = await stage.service('updates_bulk');
  await filling.ask('run');
  await filling[Symbol.asyncDispose]();

  const { process } = startCommand(['run', '-c', stage.config]);
  try {
    await systemClock.sleep(settleMs);
    const seen: number[] = [];
    const until = performance.now() + watchMs;
    while (performance.now() < until) {
      await systemClock.sleep(250);
      seen.push(rssMbOf(process.pid));
    }
    const half = seen.length / 2;
    const sample = {
      rssMb: percentile(seen, 0.5),
      peakRssMb: percentile(seen, 1),
      'peakRssMb, first half': percentile(seen.slice(0, half), 1),
      'peakRssMb, second half': percentile(seen.slice(half), 1),
    };
    return [figureOf({ ...setting, name: 'memory of all components' }, [sample])];
  } finally {
    process.kill();
    await ended(process);
  }
}
