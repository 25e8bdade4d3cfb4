import { isoTime, parseTime } from '../../runtime/clock.ts';

/** `2026-11-22T19:16:53Z`: how Nova and Heat write times. */
export function seconds(ms: number): string;
export function seconds(ms: number | undefined): string | null;
export function seconds(ms: number | undefined): string | null {
  return ms === undefined ? null : `${isoTime(ms).slice(0, 19)}Z`;
}

/** `2026-11-22T19:16:53.000000Z`: how Keystone does. */
export function microseconds(ms: number): string {
  return `${isoTime(ms).slice(0, 19)}.000000Z`;
}

/** `2026-11-22T19:16:53.000000`: how some columns of Nova's database shine through. */
export function zoneless(ms: number): string;
export function zoneless(ms: number | undefined): string | null;
export function zoneless(ms: number | undefined): string | null {
  return ms === undefined ? null : `${isoTime(ms).slice(0, 19)}.000000`;
}

/** Milliseconds since 1970 of a time that may lack its zone, which then is UTC; undefined when it is no time. */
export function parseUtc(text: string): number | undefined {
  return parseTime(/(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`);
}
