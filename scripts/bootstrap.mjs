/**
 * Makes a bare clone ready, then runs a script of the project under the project's own Node.
 *
 *     node scripts/bootstrap.mjs [SCRIPT [ARGUMENT…]]
 *
 * Plain JavaScript for Node 18 and newer, without any package: it is what runs before there are any. When node_modules
 * is missing or older than package-lock.json, `npm ci` installs it, the pinned Node among the rest. Of several that are
 * started side by side one installs, and the others wait for it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail, pinnedNode, root, runUnderPinnedNode } from '../bin/pinned-node.mjs';

/** There while somebody installs, with the number of the process. */
const lock = join(root, '.installing');

installOnce();
const [script, ...args] = process.argv.slice(2);
if (script) runUnderPinnedNode(resolve(root, script), args);

function isInstallNeeded() {
  // npm writes this file last.
  const installed = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installed) || !existsSync(pinnedNode)) return true;
  return statSync(installed).mtimeMs < statSync(join(root, 'package-lock.json')).mtimeMs;
}

function installOnce() {
  for (let isTold = false; isInstallNeeded(); ) {
    if (takeLock()) {
      process.once('exit', () => rmSync(lock, { force: true }));
      install();
      return;
    }
    if (!isTold) process.stderr.write('Waiting for another command that installs what this needs …\n');
    isTold = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
}

/** A lock whose process is gone, as after Ctrl-C, is nobody's. */
function takeLock() {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') fail(`${lock} cannot be written (${error.code}). May this user write here?`);
  }
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
  } catch (error) {
    // ENOENT: it has been given back meanwhile.
    if (error.code === 'ESRCH') rmSync(lock, { force: true });
  }
  return false;
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
