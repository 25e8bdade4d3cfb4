import { request } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { Faults } from '../faults.ts';
import type { HttpService } from '../http-service.ts';
import { Portal } from './portal.ts';
import { startPortal } from './start-portal.ts';
import { signToken } from './tokens.ts';

let portal: Portal;
let service: HttpService;
/** How many creations are validated before the first of them is inserted. */
let together: number;

beforeEach(async () => {
  together = 1;
  let waiting = 0;
  const enough = Promise.withResolvers<void>();
  const sleep = async () => {
    waiting++;
    if (waiting >= together) enough.resolve();
    await enough.promise;
  };
  portal = new Portal({ release: '2023-08', clock: { now: () => systemClock.now(), sleep } });
  service = await startPortal({ portal, faults: new Faults(), insertionMs: 1 });
});
afterEach(() => service.close());

async function call(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown) {
  const exp = String(Math.ceil(portal.clock.now() / 1000) + 60);
  const token = signToken({ sub: '1', scp: 'user', iat: 0, exp, jti: portal.uuid() }, portal.secret);
  const answer = await request(`${service.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: answer.statusCode, body: (await answer.body.json()) as never };
}

function node(name: string, rackId: number, startU: number) {
  const location = { rack_id: rackId, start_u: startU, facing: 'f' };
  return { template_id: 2, device: { name, status: 'ACTIVE', location } };
}

test('creations at the same time do not see each other: same name, same unit', async () => {
  together = 3;
  portal.addTemplate({ name: 'flavor' });
  const rack = portal.addRack({ user_id: 1, name: 'rack' });

  const answers = await Promise.all([1, 2, 3].map(() => call('POST', '/nodes', node('twin', rack.id, 5))));

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(portal.devicesIn(rack.id).map(({ name, start_u }) => `${name} ${start_u}`)).toEqual([
    'twin 5',
    'twin 5',
    'twin 5',
  ]);
});

test('racks made twice under one name block themselves and what stands in them, until one is renamed', async () => {
  together = 2;
  portal.addTemplate({ name: 'flavor' });
  const create = { rack: { user_id: 1, name: 'twin', status: 'ACTIVE' } };

  const made = await Promise.all([call('POST', '/racks', create), call('POST', '/racks', create)]);
  const one = portal.racks.all()[0];
  const refusedNode = await call('POST', '/nodes', node('n', one?.id ?? 0, 1));
  const refusedRack = await call('PATCH', `/racks/${one?.id}`, { rack: { cost: 1 } });
  const renamed = await call('PATCH', `/racks/${one?.id}`, { rack: { name: 'single' } });
  const accepted = await call('POST', '/nodes', node('n', one?.id ?? 0, 1));

  expect(made.map(({ status }) => status)).toEqual([200, 200]);
  expect(refusedNode).toEqual({ status: 422, body: {} });
  expect(refusedRack).toEqual({ status: 422, body: { name: ['has already been taken'] } });
  expect([renamed.status, accepted.status]).toEqual([200, 200]);
});

test('what changes goes to the end of its list, a rack also when a device in it does', async () => {
  portal.addTemplate({ name: 'flavor' });
  const [one, two, three] = ['one', 'two', 'three'].map((name) => portal.addRack({ user_id: 1, name }));
  const order = () => portal.racks.all().map(({ name }) => name);

  await call('PATCH', `/racks/${one?.id}`, { rack: { u_height: 10 } });
  const afterChange = order();
  await call('PATCH', `/racks/${three?.id}`, { rack: { u_height: 42 } });
  const afterNone = order();
  await call('POST', '/nodes', node('n', two?.id ?? 0, 1));
  const afterDevice = order();

  expect(afterChange).toEqual(['two', 'three', 'one']);
  expect(afterNone).toEqual(afterChange);
  expect(afterDevice).toEqual(['three', 'one', 'two']);
});

test('what is done by hand shows in the next answer', async () => {
  const alice = portal.addUser({ login: 'alice', project_id: 'p1' });
  const rack = portal.addRack({ user_id: alice.id, name: 'rack' });
  const device = portal.addDevice({ template_id: 1, name: 'byhand', rack_id: rack.id, start_u: 1 });
  await call('GET', '/racks');

  portal.users.update(alice.id, { project_id: 'p2' });
  portal.racks.update(rack.id, { name: 'renamed' });
  portal.devices.update(device.id, { status: 'FAILED' });

  expect((await call('GET', '/racks')).body).toMatchObject([
    { name: 'renamed', owner: { project_id: 'p2' } },
  ]);
  expect((await call('GET', '/devices')).body).toMatchObject([{ name: 'byhand', status: 'FAILED' }]);

  portal.deleteUser(alice.id);

  expect((await call('GET', '/racks')).body).toEqual([]);
  expect((await call('GET', '/devices')).body).toEqual([]);
});

test('objects come back with their keys in another order', async () => {
  const create = {
    rack: { user_id: 1, name: 'rack', status: 'ACTIVE', metadata: { long: 1, b: { zz: 1, y: 2 }, a: 3 } },
  };

  const made = await call('POST', '/racks', create);
  const listed = await call('GET', '/racks');

  expect(JSON.stringify(made.body)).toContain('{"long":1,"b":{"zz":1,"y":2},"a":3}');
  expect(JSON.stringify(listed.body)).toContain('{"a":3,"b":{"y":2,"zz":1},"long":1}');
});
