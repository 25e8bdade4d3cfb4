import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Secret } from '../runtime/secret.ts';
import { ServiceError } from '../runtime/severity.ts';
import { isSensitive, scrub } from './scrub.ts';

const canary = 'CANARY';

test.each([
  'password',
  'OS_PASSWORD',
  'adminPass',
  'concertim_password',
  'foreign_password',
  'fixme_encrypt_this_already_plaintext_password',
  'secret',
  'application_credential_secret',
  'token',
  'accessToken',
  'X-Auth-Token',
  'x-subject-token',
  'Authorization',
  'cookie',
  'Set-Cookie',
  'api_key',
  'apiKey',
  'private_key',
  'jwt',
  'user_data',
  'outputs',
  'output_value',
  'creation_output',
  'creationOutput',
  'openstack_stack_output',
])('what stands under %s is hidden', (name) => {
  expect(scrub({ [name]: canary })).toEqual({ [name]: '[hidden]' });
});

test.each(['name', 'passed', 'key_name', 'public_key', 'status', 'interval', 'outputCount', 'author'])(
  'what stands under %s is shown',
  (name) => {
    expect(scrub({ [name]: 'plain' })).toEqual({ [name]: 'plain' });
  },
);

test('a value with nothing to hide is given back itself', () => {
  const value = { changes: 4, racks: [{ name: 'a', devices: ['b'] }], at: null };

  expect(scrub(value)).toBe(value);
});

test('nothing secret passes at any depth, in any container', () => {
  const error = Object.assign(new Error('refused', { cause: { headers: { 'x-auth-token': canary } } }), {
    password: canary,
    status: 401,
  });
  const value = {
    list: [{ deep: { deeper: { token: canary } } }],
    map: new Map([['secret', canary]]),
    set: new Set([{ password: canary }]),
    whole: { credentials: { username: canary } },
    secret: new Secret(canary),
    asIs: new Secret(canary),
    url: `amqp://nova:${canary}@broker:5672/`,
    buffer: Buffer.from(canary),
    error,
    both: new AggregateError([error], 'both failed', { cause: error }),
  };

  const text = JSON.stringify(scrub(value));

  expect(text).not.toContain(canary);
  expect(text).not.toContain(JSON.stringify([...Buffer.from(canary)]).slice(1, -1));
  expect(text).toContain('amqp://nova:[hidden]@broker:5672/');
  expect(text).toContain('"status":401');
});

test('whether there is a password may be seen', () => {
  const value = { password: null, token: undefined, secret: true };

  expect(scrub(value)).toBe(value);
});

test('an error of our own is its type, message, hint and fields, without a stack', () => {
  class RackError extends ServiceError {
    override readonly name = 'RackError';
    readonly rackId = 7;
    readonly body = canary;
    readonly response = { text: canary };
  }
  const error = new RackError('Rack 7 is full.', {
    severity: 'terminal',
    hint: 'Grow it.',
    cause: new Error('422'),
  });

  expect(scrub(error)).toEqual({
    type: 'RackError',
    message: 'Rack 7 is full.',
    severity: 'terminal',
    hint: 'Grow it.',
    rackId: 7,
    cause: { type: 'Error', message: '422', stack: expect.stringContaining('Error: 422') },
  });
});

test('a structure that holds itself, is very deep or cannot be read does not stop the logging', () => {
  const circular: Record<string, unknown> = { name: 'a' };
  circular['self'] = circular;
  let deep: unknown = 'bottom';
  for (let depth = 0; depth < 10_000; depth++) deep = { deep };
  const unreadable = {
    get broken(): string {
      throw new Error('no');
    },
  };

  expect(scrub(circular)).toEqual({ name: 'a', self: '[circular]' });
  expect(JSON.stringify(scrub(deep))).toContain('[too deep]');
  expect(scrub({ unreadable })).toEqual({ unreadable: '[unreadable]' });
});

test('the same object may stand in two places', () => {
  const flavor = { id: 'm1' };

  expect(scrub([flavor, { flavor }])).toEqual([flavor, { flavor }]);
});

test('a body that somebody logged whole is cut', () => {
  const text = scrub('x'.repeat(100_000)) as string;

  expect(text.length).toBeLessThan(10_000);
  expect(text).toContain('100000 characters');
});

test('whatever the structure, what stands under a sensitive name is not in the output', () => {
  const sensitiveName = fc.constantFrom(
    'password',
    'X-Auth-Token',
    'apiKey',
    'creation_output',
    'Set-Cookie',
  );
  const anything = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: 'small' },
      fc.string().filter((text) => !text.includes(canary)),
      fc.integer(),
      fc.dictionary(fc.string(), tie('node')),
      fc.array(tie('node')),
      fc.tuple(sensitiveName, tie('node')).map(([name, inner]) => ({ [name]: [canary, inner] })),
      tie('node').map((inner) => new Error('e', { cause: inner })),
      tie('node').map((inner) => new Map([['key', inner]])),
    ),
  })).node;

  fc.assert(
    fc.property(anything, (value) => {
      expect(JSON.stringify(scrub(value)) ?? '').not.toContain(canary);
    }),
  );
});

test('a structure without a sensitive name comes out as it went in', () => {
  const plainName = fc
    .string()
    .filter((name) => !isSensitive(name) && name !== '__proto__' && name !== 'toJSON');
  const plainText = fc.string().filter((text) => !text.includes('://'));
  const plain = fc.object({ key: plainName, values: [plainText, fc.integer(), fc.boolean()], maxDepth: 4 });

  fc.assert(
    fc.property(plain, (value) => {
      expect(scrub(value)).toBe(value);
    }),
  );
});
