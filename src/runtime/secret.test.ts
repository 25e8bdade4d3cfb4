import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Secret } from './secret.ts';

test('a secret prints as hidden however it is printed', () => {
  const secret = new Secret('s3cret');

  expect(String(secret)).toBe('[hidden]');
  expect(JSON.stringify({ secret })).toBe('{"secret":"[hidden]"}');
  expect(inspect({ nested: { secret } })).not.toContain('s3cret');
  expect(secret.reveal()).toBe('s3cret');
});
