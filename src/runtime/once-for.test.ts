import { expect, test } from 'vitest';
import { onceFor } from './once-for.ts';

test('work is done once for the same objects, and again for each other one', () => {
  let times = 0;
  const join = onceFor((a: readonly string[], b: ReadonlySet<string>) => {
    times++;
    return { joined: [...a, ...b] };
  });
  const a = ['a'];
  const b = new Set(['b']);

  const first = join(a, b);

  expect(first).toEqual({ joined: ['a', 'b'] });
  expect(join(a, b)).toBe(first);
  expect(times).toBe(1);
  expect(join(['a'], b)).toEqual(first);
  expect(join(a, new Set(['c']))).toEqual({ joined: ['a', 'c'] });
  expect(join(a, b)).toBe(first);
  expect(times).toBe(3);
});
