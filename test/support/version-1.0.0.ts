import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../scripts/command.ts';
import { type Command, commandOf } from './command.ts';

/** The last commit of 1.0.0: the next one begins the version after it. */
const commit = '0ba447cdfc386a044f3d97eccd6c083c086b2053';

/** Why 1.0.0 cannot be run; undefined: it can. A shallow clone lacks its sources. */
export function whyNoVersion100(): string | undefined {
  try {
    execFileSync('git', ['cat-file', '-e', `${commit}^{tree}`], { cwd: root, stdio: 'ignore' });
    return undefined;
  } catch {
    return 'the history of this checkout does not go back to 1.0.0';
  }
}

/** Version 1.0.0 itself, from the history; it needs the same packages as the present version. */
export interface Version100 extends Disposable {
  /** Starts its command line. */
  command(...args: string[]): Command;
  /** The configuration that came with it. */
  readonly exampleFile: string;
}

export function extractVersion100(): Version100 {
  const folder = mkdtempSync(join(tmpdir(), 'version-1.0.0-'));
  const sources = execFileSync(
    'git',
    ['archive', commit, 'bin', 'src', 'package.json', 'config.example.yaml'],
    {
      cwd: root,
      maxBuffer: 2 ** 28,
    },
  );
  execFileSync('tar', ['-x', '-C', folder], { input: sources });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const bin = join(folder, 'bin/concertim-openstack-service');
  return {
    command: (...args) => commandOf(bin, ...args),
    exampleFile: join(folder, 'config.example.yaml'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
