import { runCommandLine } from './command-line.ts';
import { tellDefects } from './tell-defects.ts';

tellDefects();
process.exitCode = await runCommandLine(process.argv.slice(2));
