import { createRequire } from 'node:module';
import type { DestinationStream } from 'pino';
import type PinoPretty from 'pino-pretty';
import { oneLine, printable } from '../runtime/printable.ts';

type Line = Readonly<Record<string, unknown>>;

/**
 * Turns JSON lines of the log into text for a terminal. What a program needs to tell runs and messages apart is left out; the
 * messages that come most often are sentences, so that a change takes one line that a person can read.
 */
export function logText(output: DestinationStream): DestinationStream {
  // Loaded when it is wanted: a service that writes JSON need not wait for it.
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof PinoPretty;
  const usual = {
    colorize: process.stdout.isTTY,
    translateTime: 'SYS:HH:MM:ss.l',
    messageKey: 'msg',
    singleLine: true,
    ignore: 'event,runId',
  };
  const withFields = prettyFactory(usual);
  // pino-pretty takes `name` for the name of the program, and ends no line whose fields are hidden.
  const bare = prettyFactory({ ...usual, ignore: 'name', hideObject: true });
  return {
    write(line) {
      const fields = JSON.parse(line) as Line;
      const describe = sentences[String(fields['event'])];
      if (!describe) return output.write(printable(withFields(line)));
      const msg = describe(fields);
      // pino-pretty would drop what is not printable, as if it were not there.
      return msg === undefined || output.write(`${bare({ ...fields, msg: oneLine(msg) }).trimEnd()}\n`);
    },
  };
}

/** By event; undefined: nothing that the lines before it do not say. */
const sentences: Readonly<Record<string, (line: Line) => string | undefined>> = {
  changed: describeChange,
  // A targeted run ends with the changes that it made.
  reconciled: (line) => (line['scope'] === 'targeted' ? undefined : describeRun(line)),
  'reconciled-with-failures': describeRun,
  'metrics-sent': describeCycle,
};

function describeChange(line: Line): string {
  const { change, name, rack, owner, fields, why } = line as Record<string, string> & { fields?: string[] };
  const place = rack === null || String(change).endsWith('-rack') ? '' : ` in rack ${rack}`;
  const whose = owner === null ? '' : ` of ${owner}`;
  const which = fields && fields.length > 0 ? ` (${fields.join(', ')})` : '';
  return `${String(change).replace('-', ' ')} ${name}${place}${whose}: ${why}${which}`;
}

function describeRun(line: Line): string {
  const { changes, failed, skipped, untried, held, ms } = line;
  const made = sum(changes);
  const parts = [
    `${made} ${made === 1 ? 'change' : 'changes'} in ${sum(ms)} ms`,
    ...counted(failed, 'failed'),
    ...counted(skipped, 'skipped'),
    ...counted(untried, 'postponed to the next run'),
    ...counted(held, 'held'),
  ];
  return `${String(line['msg'])}: ${String(line['scope'])} run, ${parts.join(', ')}`;
}

function describeCycle(line: Line): string {
  const { instances, sent, kept, unknown, left } = line;
  const parts = [
    `${String(sent)} figures of ${String(instances)} ${instances === 1 ? 'instance' : 'instances'}`,
    ...counted(kept, 'unchanged'),
    ...counted(sum(unknown), 'unknown'),
    ...counted(left, 'left to the next cycle'),
  ];
  return `${String(line['msg'])}: ${parts.join(', ')}`;
}

function counted(count: unknown, what: string): string[] {
  return typeof count === 'number' && count > 0 ? [`${count} ${what}`] : [];
}

function sum(counts: unknown): number {
  return Object.values((counts ?? {}) as Record<string, number>).reduce((total, count) => total + count, 0);
}
