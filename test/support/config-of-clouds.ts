import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

type Clouds = Readonly<Record<string, Pick<Sandbox, 'config'>>>;

/** What config.yaml says for the clouds of several sandboxes, by their names, with the portal of the first. */
export function yamlOfClouds(sandboxes: Clouds, more: Record<string, unknown> = {}): string {
  const entries = Object.entries(sandboxes);
  const clouds = entries.map(([name, { config }]) => ({ name, openstack: config.openstack }));
  return stringify({ clouds, concertim: entries[0]?.[1].config.concertim, ...more });
}

/** The same, loaded. */
export function configOfClouds(sandboxes: Clouds, more?: Record<string, unknown>): Config {
  const folder = mkdtempSync(join(tmpdir(), 'clouds-'));
  const file = join(folder, 'config.yaml');
  try {
    writeFileSync(file, yamlOfClouds(sandboxes, more));
    return loadConfig({ file });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
