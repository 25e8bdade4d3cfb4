import fc from 'fast-check';
import { expect, test } from 'vitest';
import { creationOutput } from './outputs.ts';

const outputs = (values: Record<string, unknown>) =>
  Object.entries(values).map(([key, value]) => ({ key, value }));

test('outputs are listed by their names', () => {
  expect(creationOutput(outputs({ web: 'http://10.0.0.1/', gateway: '10.0.0.1' }))).toBe(
    'gateway=10.0.0.1, web=http://10.0.0.1/',
  );
});

test('a stack without outputs has an empty text, never null', () => {
  expect(creationOutput([])).toBe('');
});

test('outputs that are not set are left out', () => {
  expect(creationOutput(outputs({ a: null, b: undefined, c: '', d: 0, e: false }))).toBe('c=, d=0, e=false');
});

test('values that are no texts are JSON', () => {
  expect(creationOutput(outputs({ hosts: ['a', 'b'], load: { max: 2 } }))).toBe(
    'hosts=["a","b"], load={"max":2}',
  );
});

test('what the rack page splits at is encoded inside a value', () => {
  expect(creationOutput(outputs({ url: 'http://host/?a=1, b' }))).toBe('url=http://host/?a%3D1%2C%20b');
});

test('whatever the outputs are, the rack page finds each of them with one key and one value', () => {
  const text = fc.string({ unit: fc.constantFrom('a', ',', ' ', '=', '%', 'ü') });
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.record({ key: text, value: text }), { selector: ({ key }) => key }),
      (given) => {
        fc.pre(given.length > 0);

        const items = creationOutput(given).split(', ');

        expect(items).toHaveLength(given.length);
        for (const item of items) expect(item.split('=')).toHaveLength(2);
      },
    ),
  );
});
