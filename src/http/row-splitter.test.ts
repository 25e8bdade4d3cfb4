import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RowSplitter } from './row-splitter.ts';

/** What it makes of a text that comes in pieces of so many bytes. */
function split(text: string, field: string | undefined, pieceBytes: number) {
  const rows: string[] = [];
  const splitter = new RowSplitter(field, (row) => rows.push(row.toString()));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) splitter.write(bytes.subarray(at, at + pieceBytes));
  return { rows, rest: splitter.rest };
}

const anyText = fc.json().map((json) => JSON.stringify(JSON.parse(json), undefined, json.length % 3));
const anyPieceBytes = fc.integer({ min: 1, max: 40 });
/** Texts that look like what the splitter looks for, keys and values. */
const trickyText = fc.constantFrom(
  'servers',
  '"servers":[',
  '[',
  ']}',
  ',',
  '\\',
  '\\"',
  '{',
  'ü',
  '\u2028',
  '',
);
const trickyRow = fc.letrec<{ row: unknown }>((tie) => ({
  row: fc.oneof(
    { maxDepth: 3 },
    trickyText,
    fc.integer(),
    fc.constant(null),
    fc.array(tie('row'), { maxLength: 3 }),
    fc.dictionary(trickyText, tie('row'), { maxKeys: 3 }),
  ),
})).row;

test('a list is split into its rows, wherever the bytes are cut, and the rest is what is left', () => {
  fc.assert(
    fc.property(
      fc.array(trickyRow, { maxLength: 6 }),
      fc.dictionary(trickyText, trickyRow, { maxKeys: 3 }),
      fc.dictionary(trickyText, trickyRow, { maxKeys: 3 }),
      fc.integer({ min: 0, max: 2 }),
      anyPieceBytes,
      (list, before, after, indent, pieceBytes) => {
        delete before['servers'];
        delete after['servers'];
        const body = { ...before, servers: list, ...after };

        const { rows, rest } = split(JSON.stringify(body, undefined, indent), 'servers', pieceBytes);

        expect(rows.map((row) => JSON.parse(row))).toEqual(list);
        expect(JSON.parse(rest)).toEqual({ ...body, servers: [] });
      },
    ),
    { numRuns: 500 },
  );
});

test('a text that is the list itself is split as well', () => {
  fc.assert(
    fc.property(fc.array(trickyRow), fc.integer({ min: 0, max: 2 }), anyPieceBytes, (list, indent, bytes) => {
      const { rows, rest } = split(JSON.stringify(list, undefined, indent), undefined, bytes);

      expect(rows.map((row) => JSON.parse(row))).toEqual(list);
      expect(JSON.parse(rest)).toEqual([]);
    }),
  );
});

test('what is cut short, or wrong in any other way, is no JSON in a row or in the rest', () => {
  fc.assert(
    fc.property(
      fc.array(trickyRow, { maxLength: 4 }),
      fc.nat(),
      fc.constantFrom('', ',', '[', ']', '{', '}', '"', '\\', ':', '1', ' '),
      anyPieceBytes,
      (list, place, insert, pieceBytes) => {
        const whole = JSON.stringify({ servers: list, links: [] });
        const at = place % whole.length;
        const changed = insert === '' ? whole.slice(0, at) : whole.slice(0, at) + insert + whole.slice(at);

        const { rows, rest } = split(changed, 'servers', pieceBytes);

        const isJson = [...rows, rest].every((part) => jsonOf(part) !== undefined);
        expect(isJson).toBe(jsonOf(changed) !== undefined);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('a text without such a list is rest as a whole', () => {
  fc.assert(
    fc.property(anyText, anyPieceBytes, (text, pieceBytes) => {
      fc.pre(!text.includes('"servers"'));

      expect(split(text, 'servers', pieceBytes)).toEqual({ rows: [], rest: text });
    }),
  );
});

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
