import { keepHeapSmall } from '../runtime/small-heap.ts';
import { runCommandLine } from './command-line.ts';
import { reportUncaught } from './report-uncaught.ts';

reportUncaught();
keepHeapSmall();
process.exitCode = await runCommandLine(process.argv.slice(2));
