import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import { root } from './command.ts';

/** What an image is built from: enough to build it again, and to see that a name stands for the same. */
export interface ImageManifest {
  readonly version: string;
  readonly commit: string;
  readonly dockerfile: string;
  /** The component that it starts. */
  readonly component: string;
  /** What `NODE_IMAGE` is unless another is given. */
  readonly base: string;
  /** SHA-256 of the Dockerfile. */
  readonly dockerfileSha256: string;
}

/** Of all images, in the order of their Dockerfiles. */
export function imageManifests(commit: string): ImageManifest[] {
  return readdirSync(join(root, 'Dockerfiles'))
    .filter((name) => name.startsWith('Dockerfile'))
    .toSorted()
    .map((file) => {
      const dockerfile = `Dockerfiles/${file}`;
      const text = readFileSync(join(root, dockerfile), 'utf8');
      const [, component = ''] = /\bCOMPONENT=(\w+)/.exec(text) ?? [];
      const [, base = ''] = /^ARG NODE_IMAGE=(.*)$/m.exec(text) ?? [];
      return {
        version: manifest.version,
        commit,
        dockerfile,
        component,
        base,
        dockerfileSha256: createHash('sha256').update(text).digest('hex'),
      };
    });
}
