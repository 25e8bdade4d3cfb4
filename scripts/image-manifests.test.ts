import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { earlierNames } from '../src/components.ts';
import { root } from './command.ts';
import { imageManifests } from './image-manifests.ts';

test('a release says of every image what it is built from', () => {
  const images = imageManifests('abc');

  expect(images.map(({ component }) => component).sort()).toEqual(
    ['all', 'updates_bulk', 'updates_mq', 'metrics', ...Object.keys(earlierNames)].sort(),
  );
  for (const { dockerfile, dockerfileSha256, commit, base } of images) {
    const text = readFileSync(join(root, dockerfile));
    expect(dockerfileSha256).toBe(createHash('sha256').update(text).digest('hex'));
    expect({ commit, base }).toEqual({ commit: 'abc', base: expect.stringMatching(/^\S+node:24\S*$/) });
  }
});
