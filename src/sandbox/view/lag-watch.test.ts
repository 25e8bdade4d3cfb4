import { beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import type { Server } from '../cloud/compute.ts';
import { LagWatch } from './lag-watch.ts';

let clock: ManualClock;
let watch: LagWatch;

beforeEach(() => {
  clock = new ManualClock();
  watch = new LagWatch(clock);
});

function server(more: Partial<Server> = {}): Server {
  return {
    id: 's1',
    name: 'node01',
    vmState: 'active',
    taskState: null,
    deleted: false,
    flavor: { id: 'f1' },
    addresses: [],
    ...more,
  } as unknown as Server;
}

test('from a change that can be seen until the device changes, once', () => {
  watch.begin([server()]);

  watch.serverChanged(server({ vmState: 'stopped' }));
  clock.advance(42);

  expect(watch.deviceChanged('s1')).toEqual({ name: 'node01', ms: 42 });
  expect(watch.deviceChanged('s1')).toBeUndefined();
});

test.each<[string, Partial<Server>]>([
  ['a server that is new', { id: 's2' }],
  ['one that goes', { deleted: true }],
  ['another name', { name: 'node02' }],
  ['another flavor', { flavor: { id: 'f2' } } as Partial<Server>],
  ['another address', { addresses: [{ address: '10.0.0.9' }] } as unknown as Partial<Server>],
  ['something being done to it', { taskState: 'powering-off' }],
])('%s is waited for', (_, more) => {
  watch.begin([server()]);
  const changed = server(more);

  watch.serverChanged(changed);

  expect(watch.deviceChanged(changed.id)).toBeDefined();
});

test('what the portal does not show is not waited for', () => {
  watch.begin([server({ taskState: 'powering-off' })]);

  watch.serverChanged(server({ taskState: 'rebooting' }));

  expect(watch.deviceChanged('s1')).toBeUndefined();
});

test('a device that changes by itself measures nothing', () => {
  watch.begin([server()]);

  expect(watch.deviceChanged('s1')).toBeUndefined();
});

test('of two changes before the portal shows either, the second counts', () => {
  watch.begin([server()]);
  watch.serverChanged(server({ taskState: 'powering-off' }));
  clock.advance(100);

  watch.serverChanged(server({ vmState: 'stopped' }));
  clock.advance(30);

  expect(watch.deviceChanged('s1')?.ms).toBe(30);
});

test('once nobody looks, nothing is waited for any more', () => {
  watch.begin([server()]);
  watch.serverChanged(server({ vmState: 'stopped' }));

  watch.end();

  expect(watch.deviceChanged('s1')).toBeUndefined();
});
