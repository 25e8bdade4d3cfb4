import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/command.ts';

const version = 'v3.16.4';
const folder = join(root, 'node_modules/.cache/helm', version);
const chart = join(root, 'deploy/helm/concertim-openstack-service');
let program: string | undefined;

/** Why there is no Helm to be had; undefined when there is one. Builds one where Go can: Debian and npm have none. */
export function whyNoHelm(): string | undefined {
  program = ['helm', join(folder, 'helm')].find((each) => spawnSync(each, ['version']).status === 0);
  if (program) return undefined;
  const go = ['go', '/usr/local/go/bin/go'].find((each) => spawnSync(each, ['version']).status === 0);
  if (!go) return 'helm is not installed, and neither is Go, which could build it';
  try {
    mkdirSync(folder, { recursive: true });
    execFileSync(go, ['install', `helm.sh/helm/v3/cmd/helm@${version}`], {
      stdio: 'ignore',
      cwd: folder,
      env: { ...process.env, GOBIN: folder },
    });
  } catch {
    return 'helm is not installed, and Go could not build it';
  }
  program = existsSync(join(folder, 'helm')) ? join(folder, 'helm') : undefined;
  return program ? undefined : 'Go built no helm';
}

/** What `helm` says of the chart: `lint`, or `template` for a release named `site`. */
export function helm(command: 'lint' | 'template', ...options: readonly string[]) {
  const first = command === 'lint' ? ['lint', '--strict', chart] : ['template', 'site', chart];
  const { status, stdout, stderr } = spawnSync(
    program ?? 'helm',
    [...first, '--kube-version=1.29', ...options],
    {
      encoding: 'utf8',
    },
  );
  return { status, stdout, stderr };
}
