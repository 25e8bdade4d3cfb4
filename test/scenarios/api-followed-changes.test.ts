/** Without notifications the API itself finds out when a requested change has completed. */
import { expect, test } from 'vitest';
import { type ApiCloud, startApiCloud } from '../support/api-cloud.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const change = (cloud: ApiCloud, path: string, action: string) =>
  cloud.api.send('POST', `/update_status/${path}`, { cloud_env: cloud.user, action });

/** A cloud whose changes take time. */
function startSlowCloud(clock: VirtualClock, servers = 2): Promise<ApiCloud> {
  return startApiCloud({
    sandbox: { clock, pace: 1, projects: 1, stacks: 1, servers },
    api: { clock, followsChanges: true, session: { retry: once } },
  });
}
const once = { tries: 1, baseMs: 0, maxMs: 0, longestRetryAfterMs: 0 };
const startClock = () => new VirtualClock(() => true, Date.now());
const inAllMs = 130_000;

/** All requests that read a server or stack. */
const looksAt = ({ sandbox }: ApiCloud, id: string) =>
  [...sandbox.services.nova.seen, ...sandbox.services.heat.seen].filter(
    ({ method, url }) => method === 'GET' && url.includes(id),
  ).length;

test.each(['off', 'suspend', 'destroy'])(
  'a server is looked at until %s has come to its end, then reconciled',
  async (action) => {
    using clock = startClock();
    await using cloud = await startSlowCloud(clock);
    const [id = ''] = cloud.servers;
    const { compute } = cloud.sandbox.cloud;
    const states: unknown[] = [];

    await change(cloud, `instances/${id}`, action);
    cloud.sandbox.services.nova.forget();
    await clock.pass(inAllMs, () => {
      if (cloud.api.reconciled.length === 2 && states.length === 0)
        states.push(compute.server(id)?.taskState ?? null);
      return false;
    });

    const reference = { kind: 'server', id, projectId: undefined, deleted: false };
    expect(cloud.api.reconciled).toEqual([reference, reference]);
    expect(states).toEqual([null]);
    expect(looksAt(cloud, id)).toBeGreaterThan(0);
    expect(looksAt(cloud, id)).toBeLessThanOrEqual(4);
  },
);

test('a stack likewise', async () => {
  using clock = startClock();
  await using cloud = await startSlowCloud(clock);
  const [id = ''] = cloud.stacks;

  await change(cloud, `racks/${id}`, 'destroy');
  await clock.pass(inAllMs);

  expect(cloud.api.reconciled).toHaveLength(2);
  expect(cloud.sandbox.cloud.orchestration.stack(id)?.deletedAt).toBeDefined();
});

test('what never settles is looked at nine times, and no more', async () => {
  using clock = startClock();
  await using cloud = await startSlowCloud(clock);
  const [id = ''] = cloud.servers;
  cloud.sandbox.faults.add({
    service: 'nova',
    method: 'GET',
    path: new RegExp(`/servers/${id}`),
    kind: 'rewrite',
    rewrite: (body) => {
      const { server } = body as { server: object };
      return { server: { ...server, 'OS-EXT-STS:task_state': 'powering-off' } };
    },
  });

  await change(cloud, `instances/${id}`, 'off');
  cloud.sandbox.services.nova.forget();
  await clock.pass(10 * inAllMs);

  expect(looksAt(cloud, id)).toBe(9);
  expect(cloud.api.reconciled).toHaveLength(1);
});

test('a look that fails is followed by the next', async () => {
  using clock = startClock();
  await using cloud = await startSlowCloud(clock);
  const [id = ''] = cloud.servers;
  const path = new RegExp(`/servers/${id}$`);
  cloud.sandbox.faults.add({ service: 'nova', method: 'GET', path, kind: 'answer', status: 503, times: 2 });

  await change(cloud, `instances/${id}`, 'off');
  await clock.pass(inAllMs);

  expect(cloud.api.reconciled).toHaveLength(2);
});

test('a second change ends the following of the first', async () => {
  using clock = startClock();
  await using cloud = await startSlowCloud(clock);
  const [id = ''] = cloud.servers;

  await change(cloud, `instances/${id}`, 'off');
  await change(cloud, `instances/${id}`, 'destroy');
  await clock.pass(inAllMs);

  expect(cloud.api.reconciled).toHaveLength(3);
});

test('a hundred are followed at once, and one that comes on top of them is not', async () => {
  using clock = startClock();
  await using cloud = await startSlowCloud(clock, 101);
  expect(cloud.servers).toHaveLength(101);

  await Promise.all(cloud.servers.map((id) => change(cloud, `instances/${id}`, 'off')));
  await clock.pass(inAllMs);

  expect(cloud.api.reconciled).toHaveLength(101 + 100);
});

test('where notifications say how a change goes on nothing is looked at', async () => {
  using clock = startClock();
  await using cloud = await startApiCloud({ sandbox: { clock, pace: 1 }, api: { clock } });
  const [id = ''] = cloud.servers;

  await change(cloud, `instances/${id}`, 'off');
  cloud.sandbox.services.nova.forget();
  await clock.pass(inAllMs);

  expect(cloud.api.reconciled).toHaveLength(1);
  expect(looksAt(cloud, id)).toBe(0);
});
