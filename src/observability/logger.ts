import pino from 'pino';
import { printableJson } from '../runtime/printable.ts';
import { eventCode } from './log-events.ts';
import { LogFile, type LogRotation } from './log-file.ts';
import { logText } from './log-text.ts';
import { scrub } from './scrub.ts';

/** Logs constant messages with fields: `log.info({ changes: 4, ms: 812 }, 'reconciled')`. */
export type Logger = pino.Logger;

export interface LoggerOptions {
  readonly level: 'debug' | 'info' | 'warning' | 'error' | 'critical';
  /** `json`: one object a line; `pretty`: for people. Files are always JSON. */
  readonly format: 'json' | 'pretty';
  /** Which part of the service speaks, such as `updates_bulk`. */
  readonly component?: string;
  /** A log file to write beside `output`. */
  readonly file?: string | undefined;
  /** Of that file. */
  readonly rotation?: LogRotation;
  /** Default: standard output. */
  readonly output?: pino.DestinationStream;
}

const levels = {
  debug: 'debug',
  info: 'info',
  warning: 'warn',
  error: 'error',
  critical: 'fatal',
} as const satisfies Record<LoggerOptions['level'], pino.Level>;

/**
 * A logger to standard output and, if wanted, to a file. Nothing secret passes it: see `scrub`.
 *
 * @throws {LogFileError} when the file cannot be opened. A later failure to write it (a full disk) is logged
 * on standard output, and the work goes on.
 */
export function createLogger(options: LoggerOptions): Logger {
  const settings: pino.LoggerOptions = {
    level: levels[options.level],
    base: options.component === undefined ? null : { component: options.component },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    // `scrub` has made plain fields of errors already.
    serializers: { err: (error: unknown) => error },
    hooks: {
      logMethod(args, method, level) {
        const [first, ...rest] = args as unknown[];
        const isBareError = first instanceof Error;
        const fields = isBareError ? { err: first } : typeof first === 'string' ? {} : first;
        const message = isBareError && rest.length === 0 ? [first.message] : rest;
        if (typeof first === 'string') message.unshift(first);
        const event = eventCode(this.levels.labels[level] ?? '', String(message[0]));
        Reflect.apply(
          method,
          this,
          [{ ...(event && { event }), ...(fields as object) }, ...message].map(scrub),
        );
      },
    },
  };
  const output = options.output ?? standardOutput();
  const shown = options.format === 'pretty' ? logText(output) : printableLines(output);
  if (options.file === undefined) return withScrubbedBindings(pino(settings, shown));

  const onStandardOutput = pino(settings, shown);
  const file = new LogFile(options.file, {
    rotation: options.rotation,
    onFailure: (err) => onStandardOutput.error({ err }, 'failed to write log file'),
    onRecovery: (lost) => onStandardOutput.warn({ file: options.file, lost }, 'log file writable again'),
  });
  // What passes is for the logger's own level to say, not for each stream's.
  const both = pino.multistream([
    { level: 'trace', stream: shown },
    { level: 'trace', stream: printableLines(file) },
  ]);
  return withScrubbedBindings(pino(settings, both));
}

/** Logs are read on terminals, and names in them were chosen by users. */
function printableLines(output: pino.DestinationStream): pino.DestinationStream {
  return { write: (line) => output.write(printableJson(line)) };
}

/** What waits while standard output takes nothing, bytes: what does not fit is lost. */
const mostWaiting = 1024 * 1024;

/** It may lead to a full disk, or to a terminal that was closed: that must not stop the work. */
function standardOutput(): pino.DestinationStream {
  const output = pino.destination({ fd: 1, sync: true, maxLength: mostWaiting });
  output.on('error', () => {});
  return output;
}

/** pino writes a child's bindings as they are: they are scrubbed before it sees them. Children inherit this. */
function withScrubbedBindings(logger: Logger): Logger {
  for (const method of ['child', 'setBindings'] as const) {
    const original: unknown = Reflect.get(logger, method);
    const scrubbing = function scrubbing(this: Logger, bindings: object, ...options: unknown[]): unknown {
      return Reflect.apply(original as Logger['child'], this, [scrub(bindings), ...options] as [object]);
    };
    Reflect.set(logger, method, scrubbing);
  }
  return logger;
}
