/** `npm run build [-- TSC-OPTION…]`: compiles src/ into a fresh dist/. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './command.ts';

rmSync(join(root, 'dist'), { recursive: true, force: true });
const { code, output } = await run('tsc', ['-p', 'tsconfig.build.json', ...process.argv.slice(2)]);
process.stdout.write(output);
process.exitCode = code;
