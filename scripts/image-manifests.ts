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
  /** What `NODE_IMAGE` is unless another is given; named by its digest where that is known: `…@sha256:…`. */
  readonly base: string;
  /** What its Dockerfile takes, with what it is by default; null: nothing. */
  readonly buildArguments: Readonly<Record<string, string | null>>;
  /** SHA-256 of the Dockerfile. */
  readonly dockerfileSha256: string;
}

/** Of all images, in the order of their Dockerfiles. @param nodeImage that they are to begin with, instead of what these say */
export function imageManifests(commit: string, nodeImage?: string): ImageManifest[] {
  return readdirSync(join(root, 'Dockerfiles'))
    .filter((name) => name.startsWith('Dockerfile'))
    .toSorted()
    .map((file) => {
      const dockerfile = `Dockerfiles/${file}`;
      const text = readFileSync(join(root, dockerfile), 'utf8');
      const [, component = ''] = /\bCOMPONENT=(\w+)/.exec(text) ?? [];
      const declared = [...text.matchAll(/^ARG (\w+)(?:=(.*))?$/gm)];
      const buildArguments: Record<string, string | null> = {};
      for (const [, name = '', value = null] of declared) buildArguments[name] = value;
      if (nodeImage !== undefined) buildArguments['NODE_IMAGE'] = nodeImage;
      const base = buildArguments['NODE_IMAGE'] ?? '';
      return {
        version: manifest.version,
        commit,
        dockerfile,
        component,
        base,
        buildArguments,
        dockerfileSha256: createHash('sha256').update(text).digest('hex'),
      };
    });
}
