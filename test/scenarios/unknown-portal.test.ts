import { describe, expect, test } from 'vitest';
import type { Fault } from '../../src/sandbox/faults.ts';
import { startScenario } from '../support/scenario.ts';

/** What answers at `concertim_url` is no Concertim, or one that nobody knew when this version was made. */

const html = { body: '<html>Welcome to nginx!</html>', headers: { 'content-type': 'text/html' } };
const answering = (fault: Partial<Fault> & { status: number }): Fault =>
  ({ service: 'concertim', kind: 'answer', ...fault }) as Fault;
const rewritten = (path: RegExp, rewrite: (body: unknown) => unknown): Fault => ({
  service: 'concertim',
  path,
  kind: 'rewrite',
  rewrite,
});

describe.each<[string, Fault[], string]>([
  ['a web server without such an address', [answering({ status: 404, ...html })], 'knows no such address'],
  [
    'a web server that answers everything with a page',
    [answering({ status: 200, ...html })],
    'Is concertim_url the portal',
  ],
  ['a web server that takes no POST', [answering({ status: 405, ...html })], 'refused the sign-in'],
  ['a proxy that wants a sign-in of its own', [answering({ status: 403, ...html })], 'refused the sign-in'],
  [
    'another application that signs in alike',
    [rewritten(/sign_in/, () => ({ user: 'admin' }))],
    'signs in, but not as Concertim does',
  ],
  [
    'a release whose addresses are those of another',
    [answering({ path: /usage_limits/, status: 404 }), answering({ path: /api\/v1\/teams/, status: 404 })],
    'is of a release that this version does not know',
  ],
  [
    'a portal behind what does not let all addresses through',
    [answering({ path: /usage_limits/, status: 403 })],
    'cannot be found out',
  ],
  [
    'a release whose lists have another shape',
    [rewritten(/racks$/, (racks) => ({ racks }))],
    'looks like release main, and yet is none that this version knows',
  ],
  [
    'a release whose rows lack what is needed',
    [rewritten(/devices$/, (rows) => (rows as object[]).map((row) => ({ ...row, id: undefined })))],
    'looks like release main, and yet is none that this version knows',
  ],
  [
    'a release without templates',
    [answering({ path: /templates$/, status: 404, body: '{"status":404,"error":"Not Found"}' })],
    'looks like release main, and yet is none that this version knows',
  ],
])('%s', (_, faults, said) => {
  test('is refused in one sentence, once, before anything is written', async () => {
    await using scenario = await startScenario({ release: 'main' });
    const { portal, services } = scenario.sandbox;
    // There are devices, and so rows that can be odd: a single one would be odd by itself.
    const user = portal.users.all().find(({ root }) => !root);
    const rack = portal.addRack({ user_id: user?.id ?? 0, name: 'by-hand', order_id: 'o1' });
    const template = portal.addTemplate({ name: 'by-hand' });
    portal.addDevice({ name: 'by-hand', rack_id: rack.id, start_u: 1, template_id: template.id });
    portal.addDevice({ name: 'another', rack_id: rack.id, start_u: 5, template_id: template.id });
    for (const fault of faults) scenario.sandbox.faults.add(fault);

    for (let run = 0; run < 3; run++) {
      expect(await scenario.tryRun()).toBeUndefined();
      const writes = services.concertim.seen.filter(
        ({ method, url }) => method !== 'GET' && !url.includes('sign_in'),
      );
      expect(writes).toEqual([]);
    }

    const lines = scenario.logged.filter((line) => line.includes('reconcile failed'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(said);
    expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({ level: 'error', severity: 'fatal' });
  });
});

test('it is not tried again before the interval is over, and recovers when it is the portal again', async () => {
  await using scenario = await startScenario({ release: 'main', config: { updates: { interval: 200 } } });
  const { sandbox, clock } = scenario;
  sandbox.faults.add(rewritten(/racks$/, (racks) => ({ racks })));
  const stop = new AbortController();

  const startedAt = clock.now();
  let waits = 0;
  const sleep = clock.sleep.bind(clock);
  clock.sleep = async (ms, signal) => {
    // The shorter waits check whether writing is paused.
    if (ms > 2_000) waits++;
    if (waits === 3) sandbox.faults.clear();
    if (waits === 12) stop.abort();
    await sleep(ms, signal);
  };
  await scenario.work(stop.signal);

  const lists = sandbox.services.concertim.seen.filter(({ url }) => url.endsWith('/racks'));
  expect(lists.length).toBeGreaterThan(5);
  expect(lists.length).toBeLessThanOrEqual(2 + (clock.now() - startedAt) / 200_000);
  expect(scenario.logged.filter((line) => line.includes('reconcile works again'))).toHaveLength(1);
});

test('a release that is configured is not looked up', async () => {
  await using scenario = await startScenario({
    release: 'main',
    config: ({ config }) => ({ concertim: { ...config.concertim, release: 'main' } }),
  });
  scenario.sandbox.faults.add(answering({ path: /usage_limits|compute-unit/, status: 403 }));

  const report = await scenario.run();

  expect(report).toMatchObject({ release: 'main', failures: [] });
});
