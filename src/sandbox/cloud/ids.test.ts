import { expect, test } from 'vitest';
import { Ids, randomFor } from './ids.ts';

test('a seed and a purpose give the same ids again, and other ones each for itself', () => {
  const draw = (seed: number, purpose: string) => {
    const ids = new Ids(randomFor(seed, purpose));
    return [ids.uuid(), ids.hex(32), ids.letters(12), ids.base64Url(22), ids.mac()].join(' ');
  };

  expect(draw(1, 'servers')).toBe(draw(1, 'servers'));
  expect(new Set([draw(1, 'servers'), draw(2, 'servers'), draw(1, 'stacks')]).size).toBe(3);
});

test('ids have the forms that OpenStack gives them', () => {
  const ids = new Ids(randomFor(1, 'forms'));

  for (let at = 0; at < 200; at++) {
    expect(ids.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(ids.hex(32)).toMatch(/^[0-9a-f]{32}$/);
    expect(ids.letters(12)).toMatch(/^[a-z2-7]{12}$/);
    expect(ids.base64Url(22)).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(ids.mac()).toMatch(/^fa:16:3e(:[0-9a-f]{2}){3}$/);
    expect(ids.requestId()).toMatch(/^req-[0-9a-f-]{36}$/);
  }
});

test('twenty thousand ids are all different', () => {
  const ids = new Ids(randomFor(1, 'many'));

  expect(new Set(Array.from({ length: 20_000 }, () => ids.uuid())).size).toBe(20_000);
});
