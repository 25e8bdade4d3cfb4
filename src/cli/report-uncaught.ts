import { scrub } from '../observability/scrub.ts';
import { printableJson } from '../runtime/printable.ts';

/**
 * An uncaught error ends the process, as always; but Node would print all of the error's properties, such as a request with its headers,
 * and the line of the source that threw it. This prints only the messages and stacks of the error and its causes. A diagnostic report,
 * where Node is configured to write one, leaves out the environment, which may hold a password.
 */
export function reportUncaught(): void {
  if (process.report) process.report.excludeEnv = true;
  process.on('uncaughtException', (error, origin) => {
    // The reader has seen enough and closed the pipe, as in `status --watch | head`.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(closedPipe);
    const told = { level: 'fatal', origin, err: scrub(wordsOf(error)), msg: 'unhandled error (bug)' };
    process.stderr.write(`${printableJson(JSON.stringify(told))}\n`);
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
