import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCommand } from '../build-command.ts';
import { root } from '../command.ts';

/** A folder with what a start reads of an image, gone at the end of the block (`using`): the first start compiles, as building an image does. */
export class Image implements Disposable {
  /** The command line. */
  readonly command: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.command = join(folder, 'bin/concertim-openstack-service');
  }

  static async build(): Promise<Image> {
    const folder = mkdtempSync(join(tmpdir(), 'bench-image-'));
    for (const part of ['bin', 'package.json'])
      cpSync(join(root, part), join(folder, part), { recursive: true });
    await buildCommand(join(folder, 'dist/command'));
    return new Image(folder);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
