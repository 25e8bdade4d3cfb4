import { isObject } from '../../runtime/is-object.ts';
import type { Complaint } from './complaints.ts';

/** An attribute as it came; undefined when it did not, or was of a kind that Rails drops without a word. */
export type Scalar = string | number | boolean | null | undefined;

export type JsonObject = Readonly<Record<string, unknown>>;

/** What came under `name`; an array or object is dropped. */
export function scalar(attributes: JsonObject, name: string): Scalar {
  const value = attributes[name];
  return typeof value === 'object' && value !== null ? undefined : (value as Scalar);
}

/** What came under `name`; anything but an object is dropped. */
export function object(attributes: JsonObject, name: string): JsonObject | undefined {
  const value = attributes[name];
  return isObject(value) ? value : undefined;
}

/** A text column's value. */
export function asText(value: Scalar): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'boolean') return value ? 't' : 'f';
  return String(value);
}

/** An integer column's value: Ruby's `to_i`, so a word counts as 0. */
export function asInteger(value: Scalar): number | null {
  if (isNothing(value)) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return Math.trunc(Number.parseFloat(String(value)) || 0);
}

/** A decimal column's value. */
export function asDecimal(value: Scalar): number | null {
  return isNothing(value) ? null : Number.parseFloat(String(value)) || 0;
}

/** A boolean column's value: of words these alone mean no, so that Python's `None` means yes. */
export function asFlag(value: Scalar): boolean | null {
  if (isNothing(value)) return null;
  return !/^(0|f|false|off)$/i.test(String(value));
}

/** A date column's value, `YYYY-MM-DD`; what is none counts as null. */
export function asDate(value: Scalar): string | null {
  return /^\d{4}-\d{2}-\d{2}/.exec(asText(value) ?? '')?.[0] ?? null;
}

/** Null, absent or empty: what numeric and date columns take for NULL. */
export function isNothing(value: Scalar): value is null | undefined {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

/** Rails' `numericality`, of the value as it came. */
export function numericality(
  value: Scalar,
  rules: { integer?: boolean; greaterThan?: number; atLeast?: number; lessThan?: number },
): Complaint[] {
  const given = value ?? null;
  const number = isNumeric(value) ? Number(value) : Number.NaN;
  if (Number.isNaN(number))
    return [{ code: 'not_a_number', message: 'is not a number', options: { value: given } }];
  if (rules.integer && !Number.isInteger(number)) {
    return [{ code: 'not_an_integer', message: 'must be an integer', options: { value: given } }];
  }
  const bounds = [
    {
      code: 'greater_than',
      words: 'greater than',
      count: rules.greaterThan,
      holds: (n: number) => number > n,
    },
    {
      code: 'greater_than_or_equal_to',
      words: 'greater than or equal to',
      count: rules.atLeast,
      holds: (n: number) => number >= n,
    },
    { code: 'less_than', words: 'less than', count: rules.lessThan, holds: (n: number) => number < n },
  ];
  return bounds.flatMap(({ code, words, count, holds }) =>
    count === undefined || holds(count)
      ? []
      : [{ code, message: `must be ${words} ${count}`, options: { value: given, count } }],
  );
}

function isNumeric(value: Scalar): boolean {
  return (
    typeof value === 'number' ||
    (typeof value === 'string' && /^\s*[+-]?\d+(\.\d+)?(e[+-]?\d+)?\s*$/i.test(value))
  );
}

/** `12.34`, halves to the even cent; with a dollar sign where the release has one. */
export function money(amount: number, style: 'dollars' | 'plain' | 'none'): string {
  const cents = amount * 100;
  const floor = Math.floor(cents);
  const isHalf = Math.abs(cents - floor - 0.5) < 1e-6;
  const rounded = isHalf ? floor + (floor % 2) : Math.round(cents);
  return `${style === 'dollars' ? '$' : ''}${(rounded / 100).toFixed(2)}`;
}
