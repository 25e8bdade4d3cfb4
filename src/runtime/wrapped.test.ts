import { expect, test } from 'vitest';
import { besideHead, wrapped } from './wrapped.ts';

test.each([
  ['fits to the last character', 'a'.repeat(14), 15, 30, 1],
  ['is a character too long', 'a'.repeat(15), 15, 30, 2],
])('a line that %s', (_fact, one, other, width, lines) => {
  expect(wrapped(`${one} ${'b'.repeat(other)}`, width)).toHaveLength(lines);
});

test('a word that is longer than a line stays whole', () => {
  expect(wrapped(`see ${'x'.repeat(50)} there`, 40)).toEqual(['see', 'x'.repeat(50), 'there']);
});

test('a column is never narrower than thirty characters, and has no end where the screen has none', () => {
  const text = 'twenty-nine characters and one';

  expect(wrapped(text, 3)).toEqual([text]);
  expect(wrapped(`${text} ${text}`, Number.POSITIVE_INFINITY)).toHaveLength(1);
});

test('what follows the first row begins where its text began', () => {
  const text = 'thirty characters fill one row and these the next';

  expect(besideHead('  ✓ nova  ', text, 40)).toBe(
    '  ✓ nova  thirty characters fill one row\n          and these the next',
  );
});

test('a text from outside makes no line of its own', () => {
  const head = '  found ';

  expect(besideHead(head, 'a name\nAll is well: 9 checks.\u001b[2J', 200)).toBe(
    '  found a name\\u{a}All is well: 9 checks.\\u{1b}[2J',
  );
});
