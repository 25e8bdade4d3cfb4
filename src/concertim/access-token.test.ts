import { expect, test } from 'vitest';
import { readAccessToken } from './access-token.ts';

function bearer(claims: object): string {
  return `Bearer e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
}

test('an end that is a text is read, and the lifetime is by the portal’s own times', () => {
  const token = readAccessToken(bearer({ sub: '1', iat: 1_795_372_495, exp: '1795458895' }));

  expect(token).toMatchObject({ lifetimeMs: 86_400_000 });
  expect(JSON.stringify(token)).not.toContain('c2ln');
});

test('an end that is a number is read too', () => {
  expect(readAccessToken(bearer({ iat: 100, exp: 160 }))?.lifetimeMs).toBe(60_000);
});

test.each([['Bearer opaque'], ['Bearer a.%%.c'], [bearer({ exp: 'soon' })], [bearer({ sub: 1 })]])(
  '%s is used as it is',
  (header) => {
    const token = readAccessToken(header);

    expect(token?.secret.reveal()).toBe(header.slice('Bearer '.length));
    expect(token?.lifetimeMs).toBeUndefined();
  },
);

test.each([[undefined], [''], ['Basic abc'], ['Bearer']])('%s is no token', (header) => {
  expect(readAccessToken(header)).toBeUndefined();
});
