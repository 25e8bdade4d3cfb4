import { expect, test } from 'vitest';
import { printable } from '../runtime/printable.ts';
import { jsonText } from './json-text.ts';

const hostile = { name: 'web\u009b2J\u202eabc\u2028\u001b]0;owned\u0007', more: ['日本 é', 'a\nb'] };

test('names in JSON are the same to a program, and nothing that a terminal obeys', () => {
  const text = jsonText(hostile);

  expect(JSON.parse(text)).toEqual(hostile);
  // `status` prints whatever it shows so: nothing is left to escape.
  expect(printable(text)).toBe(text);
});
