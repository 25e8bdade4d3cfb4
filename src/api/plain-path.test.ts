import { expect, test } from 'vitest';
import { plainPath } from './plain-path.ts';

test.each([
  ['/user', undefined, '/user'],
  ['//user', undefined, '/user'],
  ['///update_status//devices/x', undefined, '/update_status/devices/x'],
  ['/key_pairs?a=//b?c', undefined, '/key_pairs?a=//b?c'],
  ['/', undefined, '/'],
  ['', undefined, '/'],
  ['/prefix/user', '/prefix', '/user'],
  ['/prefix//user', '/prefix', '/user'],
  ['/user', '/prefix', '/user'],
  ['/prefix', '/prefix', '/'],
  ['/prefix?a=b', '/prefix', '/?a=b'],
  ['/prefixed/user', '/prefix', '/prefixed/user'],
  ['/prefix/prefix/user', '/prefix', '/prefix/user'],
])('%j with the prefix %j is %j', (url, prefix, plain) => {
  expect(plainPath(url, prefix)).toBe(plain);
});
