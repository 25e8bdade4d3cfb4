import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

/** The configuration of a service for several sandboxes' clouds, by their names, with the portal of the first. */
export function configOfClouds(
  sandboxes: Readonly<Record<string, Pick<Sandbox, 'config'>>>,
  more: Record<string, unknown> = {},
): Config {
  const [first, ...others] = Object.entries(sandboxes).map(([name, { config }]) => {
    const loaded = load({ ...config, ...more });
    return { loaded, cloud: { ...loaded.clouds[0], name } };
  });
  if (!first) throw new RangeError('there is at least one cloud');
  return { ...first.loaded, clouds: [first.cloud, ...others.map(({ cloud }) => cloud)] };
}

function load(config: Record<string, unknown>): Config {
  const folder = mkdtempSync(join(tmpdir(), 'clouds-'));
  const file = join(folder, 'config.yaml');
  try {
    writeFileSync(file, stringify(config));
    return loadConfig({ file });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
