import { expect, test } from 'vitest';
import type { Flavor, Server, Stack } from '../openstack/model.ts';
import type { DesiredTemplate } from '../plan/flavor-template.ts';
import type { Mapping } from '../plan/mapping.ts';
import { ServiceError } from '../runtime/severity.ts';
import { checkedMapping } from './checked-mapping.ts';

const stack = { id: 's1', name: 'cluster' } as unknown as Stack;
const server = { id: 'i1', name: 'node01' } as unknown as Server;
const flavor = { id: 'f1', name: 'm1.small' } as unknown as Flavor;
const usual = { foreignId: 'f', name: 'm1.small', height: 1 } as unknown as DesiredTemplate;

/** The messages about a mapping whose functions all misbehave. */
function refusals(answer: () => unknown): string[] {
  const each = answer as () => never;
  const mapping: Required<Mapping> = {
    includesStack: each,
    includesServer: each,
    includesFlavor: each,
    rackName: each,
    deviceTemplate: each,
  };
  const checked = checkedMapping(mapping) as Required<Mapping>;
  return [
    () => checked.includesStack(stack),
    () => checked.includesServer(server),
    () => checked.includesFlavor(flavor),
    () => checked.rackName(stack),
    () => checked.deviceTemplate(server, usual),
  ].map((call) => {
    try {
      return `passed: ${JSON.stringify(call())}`;
    } catch (error) {
      expect(error).toBeInstanceOf(ServiceError);
      return (error as ServiceError).message;
    }
  });
}

test('a function that throws is named, with the object and its own words', () => {
  const all = refusals(() => {
    throw new Error('no such key');
  });

  expect(all).toEqual([
    'mapping.includesStack, for "cluster" (s1), threw: no such key',
    'mapping.includesServer, for "node01" (i1), threw: no such key',
    'mapping.includesFlavor, for "m1.small" (f1), threw: no such key',
    'mapping.rackName, for "cluster" (s1), threw: no such key',
    'mapping.deviceTemplate, for "node01" (i1), threw: no such key',
  ]);
});

test('one that is asynchronous is refused, be its promise kept or not', () => {
  for (const promise of [() => Promise.resolve(true), () => Promise.reject(new Error('later'))]) {
    expect(refusals(promise)).toEqual(
      Array.from({ length: 5 }, () =>
        expect.stringMatching(/^mapping\.\w+, for ".*" \(\w+\), is asynchronous/),
      ),
    );
  }
});

test.each([[undefined], [null], [0], [Number.NaN], ['']])('%s is no answer of any', (answer) => {
  expect(refusals(() => answer)).toEqual(
    Array.from({ length: 5 }, () =>
      expect.stringMatching(/^mapping\.\w+, for ".*" \(\w+\), gave \w+ instead of/),
    ),
  );
});

test('a template without a height, or of none, is none', () => {
  const of = (template: object) => refusals(() => template).at(-1);

  expect(of({ ...usual, height: 0 })).toContain('gave object instead of a template');
  expect(of({ ...usual, height: 1.5 })).toContain('gave object instead of a template');
  expect(of({ foreignId: 'f', name: 'n' })).toContain('gave object instead of a template');
});

test('what a mapping answers passes as it is, and what it leaves out stays left out', () => {
  const template = { ...usual, height: 2 };
  const checked = checkedMapping({ rackName: ({ name }) => `x-${name}`, deviceTemplate: () => template });

  expect(checked.rackName?.(stack)).toBe('x-cluster');
  expect(checked.deviceTemplate?.(server, usual)).toBe(template);
  expect(checked).not.toHaveProperty('includesStack');
  expect(checked).not.toHaveProperty('includesServer');
});
