/** Compiles src/ into a fresh dist/. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, runInTerminal } from './command.ts';

rmSync(join(root, 'dist'), { recursive: true, force: true });
process.exitCode = await runInTerminal('tsc', ['-p', 'tsconfig.build.json']);
