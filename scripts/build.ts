/** `npm run build [-- TSC-OPTION…]`: compiles src/ into a fresh dist/, and builds the pages into it. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildPages } from './build-pages.ts';
import { root, run } from './command.ts';

rmSync(join(root, 'dist'), { recursive: true, force: true });
const { code, output } = await run('tsc', ['-p', 'tsconfig.build.json', ...process.argv.slice(2)]);
process.stdout.write(output);
process.exitCode = code;
if (code === 0) await buildPages(join(root, 'dist/pages'));
