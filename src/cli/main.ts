import { keepHeapSmall } from '../runtime/small-heap.ts';
import { runCommandLine } from './command-line.ts';
import { tellDefects } from './tell-defects.ts';

tellDefects();
keepHeapSmall();
process.exitCode = await runCommandLine(process.argv.slice(2));
