import { expect, test } from 'vitest';
import { flavor, template } from '../../test/support/builders.ts';
import { FlavorResolver, isOfGoneFlavor, templateOfFlavor } from './flavor-template.ts';

const own = (fields: Parameters<typeof template>[0] & { foreignId: string }) => ({
  ...template(fields),
  foreignId: fields.foreignId,
});
const embedded = { kind: 'embedded', name: 'm1', vcpus: 1, ram: 2048, disk: 20 } as const;
const byId = (id: string) => ({ kind: 'id', id: flavor({ id }).id }) as const;

test.each([
  [0, 1],
  [1, 1],
  [2, 2],
  [3, 3],
  [4, 3],
  [5, 4],
  [128, 4],
])('%d vCPUs are %d units high', (vcpus, height) => {
  expect(templateOfFlavor(flavor({ vcpus })).height).toBe(height);
});

test.each([0, -1, 0.5, 2 ** 31])('a size of %d, which the portal refuses, is left out', (size) => {
  expect(templateOfFlavor(flavor({ vcpus: size, ram: size, disk: size }))).toMatchObject({
    vcpus: null,
    ram: null,
    disk: null,
  });
});

test('a template has the name, the id and the sizes of its flavor', () => {
  expect(templateOfFlavor(flavor({ id: 'f-1', name: 'm1' }))).toEqual({
    foreignId: 'f-1',
    name: 'm1',
    description: 'Flavor from OpenStack',
    height: 1,
    vcpus: 1,
    ram: 2048,
    disk: 20,
  });
});

test('a server names its flavor by id, or by name and sizes', () => {
  const resolver = new FlavorResolver([flavor({ id: 'f-1', name: 'm1' })], []);

  expect(resolver.resolve(byId('f-1')).foreignId).toBe('f-1');
  expect(resolver.resolve(embedded).foreignId).toBe('f-1');
});

test('0 is the same as nothing', () => {
  const resolver = new FlavorResolver([flavor({ id: 'f-1', name: 'm1', disk: 0 })], []);

  expect(resolver.resolve({ ...embedded, disk: 0 }).foreignId).toBe('f-1');
});

test('a flavor of the same name with other sizes is another one', () => {
  const resolver = new FlavorResolver([flavor({ id: 'new', name: 'm1', vcpus: 4 })], []);

  expect(resolver.knows(embedded)).toBe(false);
  expect(resolver.resolve(embedded)).toMatchObject({ name: 'm1', height: 1, vcpus: 1 });
});

test('a flavor that is gone is as its template remembers it, also where that had to give way in its name', () => {
  const sizes = { vcpus: 1, ram: 2048, disk: 20 };
  const resolver = new FlavorResolver([], [own({ foreignId: 'abcdefgh-1', name: 'm1-abcdefgh', ...sizes })]);

  expect(resolver.resolve(byId('abcdefgh-1')).name).toBe('m1-abcdefgh');
  expect(resolver.resolve(embedded).foreignId).toBe('abcdefgh-1');
});

test('a flavor that is there knows better than its template', () => {
  const resolver = new FlavorResolver(
    [flavor({ id: 'f-1', name: 'm1' })],
    [own({ foreignId: 'f-1', name: 'renamed', vcpus: 9 })],
  );

  expect(resolver.resolve(byId('f-1'))).toMatchObject({ name: 'm1', vcpus: 1 });
});

test('a flavor that was gone before we saw it has a template of what its servers say', () => {
  const resolver = new FlavorResolver([], []);

  const gone = resolver.resolve(embedded);
  const other = resolver.resolve({ ...embedded, vcpus: 2 });

  expect(gone).toMatchObject({ name: 'm1', vcpus: 1, ram: 2048, disk: 20 });
  expect(isOfGoneFlavor(gone.foreignId)).toBe(true);
  expect(other.foreignId).not.toBe(gone.foreignId);
  expect(resolver.resolve(byId('f-9'))).toMatchObject({ foreignId: 'f-9', name: 'f-9', vcpus: null });
});
