/** Packs the package as npm would publish it; starts the command, and opens every public door, of what was packed. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run } from './command.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

const folder = mkdtempSync(join(tmpdir(), 'package-'));
try {
  // Builds first: that is `prepack`.
  const packed = await succeed('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', folder]);
  const [file] = /[\w.-]+\.tgz/.exec(packed) ?? [];
  assert(file, `npm pack names no file: ${packed}`);
  const tarball = join(folder, file);
  await succeed('publint', ['run', tarball, '--strict']);
  await succeed('attw', [tarball, '--profile', 'esm-only']);

  const contents = await succeed('tar', ['-tzf', tarball]);
  assert.doesNotMatch(contents, /\.test\.|\.map$|package\/(src|test|scripts)\//m);
  await succeed('tar', ['-xzf', tarball, '-C', folder]);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const { name, version, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  const command = join(folder, 'package/bin/concertim-openstack-service');
  assert.equal((await succeed(command, ['--version'])).trim(), version);
  // From inside, a package finds itself by its name, through the doors that it has for others.
  const doors = Object.keys(exports).filter((door) => door !== './package.json');
  const program = doors.map((door) => `await import('${name}${door.slice(1)}');`).join('\n');
  writeFileSync(join(folder, 'package/doors.mjs'), program);
  await succeed('node', [join(folder, 'package/doors.mjs')]);
} finally {
  rmSync(folder, { recursive: true });
}

async function succeed(command: string, args: readonly string[]): Promise<string> {
  const { code, output } = await run(command, args);
  assert.equal(code, 0, `${command} ${args.join(' ')} ended with exit code ${code}:\n${output}`);
  return output;
}
