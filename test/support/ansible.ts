import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../../scripts/command.ts';

/** Why there is no Ansible to be had; undefined when there is one. Installs Debian's when it may. */
export function whyNoAnsible(): string | undefined {
  if (isThere()) return undefined;
  if (process.getuid?.() !== 0) return 'ansible-core is not installed, and only root could install it';
  try {
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'ansible-core'], {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  } catch {
    return 'ansible-core is not installed, and apt-get could not install it';
  }
  return isThere() ? undefined : 'ansible-core is installed, and has no ansible-playbook';
}

function isThere(): boolean {
  return spawnSync('ansible-playbook', ['--version']).status === 0;
}

/** The result of a play. */
export interface Played {
  readonly code: number | null;
  readonly output: string;
  readonly changed: number;
  readonly failed: number;
}

/** Runs the role on this machine, with files below `folder`. */
export async function play(
  folder: string,
  values: Readonly<Record<string, unknown>>,
  ...options: readonly string[]
): Promise<Played> {
  const file = join(folder, 'values.json');
  writeFileSync(file, JSON.stringify(values));
  const environment = [
    `ANSIBLE_ROLES_PATH=${join(root, 'deploy/ansible/roles')}`,
    `ANSIBLE_LOCAL_TEMP=${join(folder, 'local')}`,
    `ANSIBLE_REMOTE_TEMP=${join(folder, 'remote')}`,
    'ANSIBLE_NOCOLOR=1',
    // What the role's own npm would do again is done.
    'npm_config_ignore_scripts=true',
  ];
  const command = ['ansible-playbook', '-i', 'localhost,', '-c', 'local'];
  const playbook = join(root, 'deploy/ansible/site.yaml');
  const { code, output } = await run('env', [
    ...environment,
    ...command,
    playbook,
    '-e',
    `@${file}`,
    ...options,
  ]);
  const [, changed, failed] = /changed=(\d+) .*failed=(\d+)/.exec(output) ?? [];
  return { code, output, changed: Number(changed), failed: Number(failed) };
}
