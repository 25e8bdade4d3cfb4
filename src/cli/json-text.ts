import { printableJson } from '../runtime/printable.ts';

/** What a command prints with `--json`: a terminal obeys none of it either, and a program reads the same from it. */
export function jsonText(value: unknown): string {
  return printableJson(JSON.stringify(value, undefined, 2));
}
