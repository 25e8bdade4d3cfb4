import { ended, startCommand } from '../command.ts';
import { type Figure, figureOf, type Sample } from '../figure.ts';
import { Image } from '../image.ts';
import { type Setting, Stage } from '../stage.ts';

/** From the start of the process to the first request that reaches the cloud or the portal: of a checkout, and of the bundle in images. */
export async function measureStartup(setting: Setting): Promise<Figure[]> {
  await using stage = await Stage.set({ servers: 40, latencyMs: 0 });
  using image = await Image.build();
  const figures = [];
  for (const [name, file] of [
    ['start-up', undefined],
    ['start-up/image', image.command],
  ] as const) {
    const starts = 3 * setting.repetitions;
    // The first one compiles.
    await start(stage, file);
    const samples: Sample[] = [];
    for (let at = 0; at < starts; at++) samples.push({ 'first request ms': await start(stage, file) });
    figures.push(figureOf({ name, servers: 40, latencyMs: 0 }, samples));
  }
  return figures;
}

/** @returns ms to the first request of a whole run */
async function start({ sandbox, config }: Stage, file?: string): Promise<number> {
  await sandbox.ask('forget');
  const { process, startedAt } = startCommand(['run', 'updates_bulk', '--once', '-c', config], {}, file);
  if ((await ended(process)) !== 0) throw new Error('The service did not run.');
  const { firstRequestAt = Number.NaN } = await sandbox.ask('counts');
  return firstRequestAt - startedAt;
}
