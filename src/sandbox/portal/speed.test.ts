import { request } from 'undici';
import { expect, test } from 'vitest';
import { HastyClock, ManualClock } from '../../../test/support/manual-clock.ts';
import type { Release } from '../../concertim/profile.ts';
import { Faults } from '../faults.ts';
import { Portal } from './portal.ts';
import { PortalSpeed } from './speed.ts';
import { startPortal } from './start-portal.ts';
import { signToken } from './tokens.ts';

/** A portal with two racks: one holds three devices, the other none. */
async function startSlowPortal(release: Release) {
  const clock = new HastyClock();
  const portal = new Portal({ clock: new ManualClock(), release });
  const speed = new PortalSpeed(clock);
  const service = await startPortal({ portal, speed, faults: new Faults() });
  const owner = portal.addUser({ login: 'owner', name: 'Owner', password: 'password-1' });
  const full = portal.addRack({ user_id: owner.id, name: 'full' });
  portal.addRack({ user_id: owner.id, name: 'empty' });
  const flavor = portal.addTemplate({ name: 'flavor' });
  for (const startU of [1, 2, 3])
    portal.addDevice({
      name: `node-${startU}`,
      rack_id: full.id,
      template_id: flavor.id,
      start_u: startU,
    });
  return {
    clock,
    speed,
    rackId: portal.ids.show('rack', full.id),
    [Symbol.asyncDispose]: () => service.close(),
    async get(path: string): Promise<number> {
      const before = speed.busyMs;
      const exp = String(Math.ceil(portal.clock.now() / 1000) + 60);
      const claims = {
        sub: String(portal.ids.show('user', 1)),
        scp: 'user',
        iat: 0,
        exp,
        jti: portal.uuid(),
      };
      const authorization = `Bearer ${signToken(claims, portal.secret)}`;
      const answer = await request(`${service.url}${path}`, { headers: { authorization } });
      await answer.body.dump();
      return speed.busyMs - before;
    },
  };
}

test.each<[Release, number]>([
  ['2023-08', 17.5],
  ['main', 19],
])('a portal of %s takes as long as the real one, by the rows of an answer', async (release, rackMs) => {
  await using portal = await startSlowPortal(release);

  expect(await portal.get('/api/v1/devices')).toBe(10 + 3 * 6);
  expect(await portal.get('/api/v1/racks')).toBeCloseTo(5 + 2 * 1.3);
  expect(await portal.get(`/api/v1/racks/${portal.rackId}`)).toBe(rackMs);
  expect(await portal.get('/api/v1/templates')).toBe(8);
  expect(await portal.get('/mrd/nothing')).toBe(0);
  expect(portal.clock.slept.reduce((sum, ms) => sum + ms)).toBeCloseTo(portal.speed.busyMs);

  portal.speed.isOff = true;
  expect(await portal.get('/api/v1/devices')).toBe(0);
});

test('five exchanges share the processor in turns, a sixth waits for a thread', async () => {
  const speed = new PortalSpeed(new HastyClock());
  const over: string[] = [];
  const exchange = (name: string, ms: number) => speed.work(ms).then(() => over.push(name));

  await Promise.all([
    ...['long 1', 'long 2', 'long 3', 'long 4'].map((name) => exchange(name, 100)),
    exchange('short', 20),
    exchange('sixth', 20),
  ]);

  expect(over).toEqual(['short', 'sixth', 'long 1', 'long 2', 'long 3', 'long 4']);
  expect(speed.busyMs).toBe(440);

  over.length = 0;
  await Promise.all([
    ...['long 1', 'long 2', 'long 3', 'long 4', 'long 5'].map((name) => exchange(name, 50)),
    exchange('sixth', 10),
  ]);

  expect(over[0]).toBe('long 1');
  expect(over.indexOf('sixth')).toBeGreaterThan(0);
});
