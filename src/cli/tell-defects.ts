import { scrub } from '../observability/scrub.ts';

/**
 * What nobody has caught ends the process, as ever: but Node would print the error with all that hangs on it, a request with its headers
 * for one, and the line of the source where it was thrown. Here its words and its stack are told, and those of its causes. A diagnostic
 * report, where Node was told to write one, leaves out the environment, in which a password may be.
 */
export function tellDefects(): void {
  if (process.report) process.report.excludeEnv = true;
  process.on('uncaughtException', (error, origin) => {
    // Whoever read the output has seen enough, as in `status --watch | head`.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(closedPipe);
    const told = { level: 'fatal', origin, err: scrub(wordsOf(error)), msg: 'a defect' };
    process.stderr.write(`${JSON.stringify(told)}\n`);
    process.exit(1);
  });
}

function wordsOf(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, message, stack, cause } = error;
  const isDeeper = cause !== undefined && depth < mostCauses;
  return { type: name, message, stack, ...(isDeeper && { cause: wordsOf(cause, depth + 1) }) };
}

const mostCauses = 5;

/** What a shell says of a process that SIGPIPE ended. */
const closedPipe = 141;
