import { ended, startCommand } from '../command.ts';
import { type Figure, figureOf, type Sample } from '../figure.ts';
import { type Setting, Stage } from '../stage.ts';

/** From the start of the process to the first request that reaches the cloud or the portal. */
export async function measureStartup(setting: Setting): Promise<Figure[]> {
  await using stage = await Stage.set({ servers: 40, latencyMs: 0 });
  const samples: Sample[] = [];
  for (let at = 0; at < 2 * setting.repetitions; at++) {
    await stage.sandbox.ask('forget');
    const { process, startedAt } = startCommand(['run', 'updates_bulk', '--once', '-c', stage.config]);
    if ((await ended(process)) !== 0) throw new Error('The service did not run.');
    const { firstRequestAt = Number.NaN } = await stage.sandbox.ask('counts');
    samples.push({ 'first request ms': firstRequestAt - startedAt });
  }
  return [figureOf({ name: 'start-up', servers: 40, latencyMs: 0 }, samples)];
}
