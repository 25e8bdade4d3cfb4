import { describe, expect, test } from 'vitest';
import type { Fault } from '../../src/sandbox/faults.ts';
import { startScenario } from '../support/scenario.ts';

/**
 * A list has another shape, because another release, another application or a proxy answers at the address.
 * A retry cannot help, so the service logs it once, and tries again no sooner than usual.
 */

type Service = 'nova' | 'heat' | 'neutron' | 'cinder' | 'concertim';

const lists: readonly [Service, path: RegExp, expected: string][] = [
  ['nova', /servers\/detail/, 'an object with one list "servers"'],
  ['nova', /flavors\/detail/, 'an object with one list "flavors"'],
  ['heat', /\/stacks(\?|$)/, 'an object with one list "stacks"'],
  ['concertim', /\/api\/v1\/devices$/, 'a list'],
  ['concertim', /\/api\/v1\/racks$/, 'a list'],
  ['concertim', /\/api\/v1\/templates$/, 'a list'],
  ['concertim', /\/api\/v1\/teams$/, 'a list'],
];

const oddities: readonly [string, (service: Service, path: RegExp) => Fault, found: string][] = [
  [
    'under another key',
    (service, path) => ({ service, method: 'GET', path, kind: 'rewrite', rewrite: () => ({ items: [] }) }),
    'found an object with "items"',
  ],
  [
    'that is none',
    (service, path) => ({ service, method: 'GET', path, kind: 'rewrite', rewrite: () => 'gone fishing' }),
    'found a string',
  ],
  [
    'that is a web page',
    (service, path) => ({
      service,
      method: 'GET',
      path,
      kind: 'answer',
      status: 200,
      body: '<!doctype html><title>Sign in</title>',
      headers: { 'content-type': 'text/html' },
    }),
    'a web page',
  ],
];

describe.each(lists)('%s: %s', (service, path, expected) => {
  test.each(oddities)(
    'a list %s stops the runs with one error, and nothing is written',
    async (_, fault, found) => {
      await using scenario = await startScenario({ release: 'main' });
      const { sandbox } = scenario;
      const heal = sandbox.faults.add(fault(service, path));

      for (let run = 0; run < 3; run++) expect(await scenario.tryRun()).toBeUndefined();

      const errors = scenario.logged.filter((line) => line.includes('reconcile failed'));
      expect(errors).toHaveLength(1);
      const error = JSON.parse(errors[0] ?? '{}') as { level: string; severity: string; why: string };
      expect(error).toMatchObject({ level: 'error', severity: 'fatal' });
      expect(error.why).toContain(found);
      expect(error.why).toContain(`expected ${expected}`);
      expect(error.why).toMatch(/release/);
      expect(sandbox.portal.racks.size).toBe(0);

      heal();
      expect(await scenario.run()).toMatchObject({ failures: [] });
    },
  );
});

test.each([
  ['neutron', /\/networks\?.*fields=status/],
  ['cinder', /volumes\/detail/],
] as const)('%s with a list of another shape costs its own kind alone', async (service, path) => {
  await using scenario = await startScenario({ release: 'main' });
  const { faults, portal, cloud } = scenario.sandbox;
  faults.add({ service, method: 'GET', path, kind: 'rewrite', rewrite: () => ({ items: [] }) });

  const { failures } = await scenario.run();

  expect(failures).toHaveLength(1);
  expect(failures[0]?.error).toMatchObject({
    severity: 'fatal',
    message: expect.stringContaining('found an object with "items"'),
  });
  const shown = portal.devices.all().filter(({ metadata }) => metadata['openstack_instance_id']);
  expect(shown.length).toBeGreaterThanOrEqual([...cloud.compute.servers()].length);
});
