/** `npm run build [-- TSC-OPTION…]`: compiles src/ into a fresh dist/, and beside that bundles the command and builds the pages into it. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildCommand } from './build-command.ts';
import { buildPages } from './build-pages.ts';
import { root, run } from './command.ts';

rmSync(join(root, 'dist'), { recursive: true, force: true });
const [{ code, output }] = await Promise.all([
  run('tsc', ['-p', 'tsconfig.build.json', ...process.argv.slice(2)]),
  buildPages(join(root, 'dist/pages')),
  buildCommand(join(root, 'dist/command')),
]);
process.stdout.write(output);
process.exitCode = code;
