import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCommand } from '../../build-command.ts';
import { root } from '../../command.ts';
import { ended, startCommand } from '../command.ts';
import { type Figure, figureOf, type Sample } from '../figure.ts';
import { type Setting, Stage } from '../stage.ts';

/** From the start of the process to the first request that reaches the cloud or the portal: of a checkout, and of the bundle in images. */
export async function measureStartup(setting: Setting): Promise<Figure[]> {
  await using stage = await Stage.set({ servers: 40, latencyMs: 0 });
  const image = await likeAnImage();
  try {
    const figures = [];
    for (const [name, file] of [
      ['start-up', undefined],
      ['start-up/image', join(image, 'bin/concertim-openstack-service')],
    ] as const) {
      const starts = 3 * setting.repetitions;
      // The first one compiles, as building an image does.
      await start(stage, file);
      const samples: Sample[] = [];
      for (let at = 0; at < starts; at++) samples.push({ 'first request ms': await start(stage, file) });
      figures.push(figureOf({ name, servers: 40, latencyMs: 0 }, samples));
    }
    return figures;
  } finally {
    rmSync(image, { recursive: true });
  }
}

/** @returns ms to the first request of a whole run */
async function start({ sandbox, config }: Stage, file?: string): Promise<number> {
  await sandbox.ask('forget');
  const { process, startedAt } = startCommand(['run', 'updates_bulk', '--once', '-c', config], {}, file);
  if ((await ended(process)) !== 0) throw new Error('The service did not run.');
  const { firstRequestAt = Number.NaN } = await sandbox.ask('counts');
  return firstRequestAt - startedAt;
}

/** A folder with what a start reads of an image. */
async function likeAnImage(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-image-'));
  for (const part of ['bin', 'package.json'])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  await buildCommand(join(folder, 'dist/command'));
  return folder;
}
