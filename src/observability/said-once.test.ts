import { expect, test } from 'vitest';
import { SaidOnce } from './said-once.ts';

function said(once: SaidOnce, ...what: string[]): string[] {
  const lines: string[] = [];
  for (const each of what) once.say(each, () => void lines.push(each));
  return lines;
}

test('what stays as it is is said once, also within a round', () => {
  const once = new SaidOnce();

  expect(said(once, 'a', 'a')).toEqual(['a']);
  once.endRound();
  expect(said(once, 'a', 'b')).toEqual(['b']);
});

test('what was gone for a round is said again', () => {
  const once = new SaidOnce();
  said(once, 'a');
  once.endRound();
  once.endRound();

  expect(said(once, 'a')).toEqual(['a']);
});

test('a round that saw a part ends nothing that it did not see', () => {
  const once = new SaidOnce();
  said(once, 'a');
  once.endRound();
  said(once, 'b');
  once.endRound(false);

  expect(said(once, 'a', 'b')).toEqual([]);
});
