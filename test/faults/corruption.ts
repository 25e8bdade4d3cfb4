import fc from 'fast-check';
import type { FaultKind, StruckExchange } from '../../src/sandbox/faults.ts';

/** A change of an answer on its way: at a place in its JSON, or of the answer as a whole. */
export type Corruption = FaultKind;

/** What takes the place of a value. */
const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    0,
    -1,
    1e308,
    2 ** 53,
    true,
    [],
    {},
    [[]],
    [null],
    'x'.repeat(10_000),
    '\u0000',
    '__proto__',
    '../..',
  ),
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.jsonValue({ maxDepth: 4 }),
  fc.constant(nested(2_000)),
);

/** Deep enough for what recurses without a thought. */
function nested(depth: number): unknown {
  let value: unknown = 'deep';
  for (let at = 0; at < depth; at++) value = [value];
  return value;
}

const inJson = fc
  .record({ at: fc.array(fc.nat(50), { minLength: 1, maxLength: 6 }), value: junk, isGone: fc.boolean() })
  .map(
    ({ at, value, isGone }): Corruption => ({
      kind: 'rewrite',
      rewrite: (body: unknown, _exchange: StruckExchange) =>
        corrupted(body, at, isGone ? undefined : { value }),
    }),
  );

const asAWhole: fc.Arbitrary<Corruption> = fc.oneof(
  fc.record({
    kind: fc.constant('answer' as const),
    status: fc.constantFrom(
      200,
      201,
      202,
      204,
      206,
      300,
      302,
      304,
      400,
      401,
      403,
      404,
      406,
      409,
      413,
      418,
      422,
      429,
      500,
      501,
      503,
      599,
    ),
    body: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.constantFrom('{', '[]', '{}', 'null', '"', '{"error":', '<html>', '\ufeff{}', '[1e999]'),
      fc.json(),
    ),
    headers: fc.constantFrom<Record<string, string>>(
      {},
      { 'content-type': 'application/json' },
      { 'content-type': 'application/json', 'retry-after': 'never' },
      { 'content-type': 'application/json', 'x-subject-token': '' },
      { 'content-type': 'application/json', location: 'http://127.0.0.1:1/' },
      { 'content-type': 'application/json', 'openstack-api-version': 'compute 9.99' },
    ),
  }),
  fc.constantFrom<Corruption>(
    { kind: 'shorten' },
    { kind: 'truncate' },
    { kind: 'reset-before' },
    { kind: 'reset-after' },
  ),
);

/** Anything that a broken, or a hostile, service may answer. */
export const corruption: fc.Arbitrary<Corruption> = fc.oneof(
  { weight: 3, arbitrary: inJson },
  { weight: 1, arbitrary: asAWhole },
);

/** The value at the end of the way, each number of which chooses among what there is, replaced or left out. */
function corrupted(
  body: unknown,
  [first = 0, ...rest]: readonly number[],
  by: { readonly value: unknown } | undefined,
): unknown {
  if (typeof body !== 'object' || body === null || Object.keys(body).length === 0) return by?.value ?? null;
  const copy = structuredClone(body) as Record<string, unknown>;
  const keys = Object.keys(copy);
  const key = keys[first % keys.length] ?? '';
  if (rest.length > 0) copy[key] = corrupted(copy[key], rest, by);
  else if (by) copy[key] = by.value;
  else if (Array.isArray(copy)) copy.splice(first % keys.length, 1);
  else delete copy[key];
  return copy;
}
