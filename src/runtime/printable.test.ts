import { styleText } from 'node:util';
import { expect, test } from 'vitest';
import { printable } from './printable.ts';

test.each([
  ['web-1', 'web-1'],
  ['日本 é\n\tnext', '日本 é\n\tnext'],
  ['\u001B]0;owned\u0007x', '\\u{1b}]0;owned\\u{7}x'],
  ['\u001B[2J\u001B[8mhidden', '\\u{1b}[2J\\u{1b}[8mhidden'],
  ['\u009B2J', '\\u{9b}2J'],
  ['all is well\rx', 'all is well\\u{d}x'],
  ['abc\u202Edcb', 'abc\\u{202e}dcb'],
])('%j is shown as %j', (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test.each(['green', 'yellow', 'red', 'dim', 'bold'] as const)('our own %s stays', (style) => {
  const text = styleText(style, 'web-1', { validateStream: false });

  expect(printable(text)).toBe(text);
});
