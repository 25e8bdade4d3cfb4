/**
 * Makes a bare clone ready, then runs a script of the project under the project's own Node.
 *
 *     node scripts/bootstrap.mjs [SCRIPT [ARGUMENT…]]
 *
 * Plain JavaScript for Node 18 and newer, without any package: it is what runs before there are any. When node_modules
 * is missing or older than package-lock.json, `npm ci` installs it, the pinned Node among the rest.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail, pinnedNode, root, runUnderPinnedNode } from '../bin/pinned-node.mjs';

if (isInstallNeeded()) install();
const [script, ...args] = process.argv.slice(2);
if (script) runUnderPinnedNode(resolve(root, script), args);

function isInstallNeeded() {
  // npm writes this file last.
  const installed = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installed) || !existsSync(pinnedNode)) return true;
  return statSync(installed).mtimeMs < statSync(join(root, 'package-lock.json')).mtimeMs;
}

function install() {
  process.stderr.write('Installing what this needs (npm ci), once …\n');
  const npm = process.env.npm_execpath;
  const [command, before] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const done = spawnSync(command, [...before, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (done.status === 0 && existsSync(pinnedNode)) return;
  process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`);
  if (done.error) fail(`npm could not be started (${done.error.message}). Is it installed?`);
  if (done.status !== 0) {
    fail(
      `npm ci failed (exit code ${done.status}); its words are above. Is the npm registry reachable (npm ping)?`,
    );
  }
  fail('npm ci left out the pinned Node: are install scripts switched off (npm config get ignore-scripts)?');
}
