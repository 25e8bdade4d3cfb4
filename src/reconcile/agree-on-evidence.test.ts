import { expect, test } from 'vitest';
import { cloud, device, owner, portal, rack } from '../../test/support/builders.ts';
import type { Evidence } from '../plan/observation.ts';
import { settleHomes } from '../plan/territory.ts';
import { agreeOnEvidence } from './agree-on-evidence.ts';
import type { SeenCloud } from './observe-cloud.ts';
import type { Unread } from './unread.ts';

/** One region, and what it says of the stack, the server and the volume that no region lists; undefined: nothing. */
function region(said: Evidence | undefined, unread: readonly Unread[] = []): SeenCloud {
  const evidence = said && {
    stacks: { stack: said },
    servers: { server: said },
    ...(unread.length === 0 && { volumes: { volume: said } }),
  };
  return { cloud: cloud(evidence && { evidence }), unread, rootOfStack: new Map() };
}

/** What both regions then go by. */
function agreed(north: SeenCloud, south?: SeenCloud): (Evidence | undefined)[] {
  const snapshot = portal({
    owners: [owner()],
    racks: [rack({ metadata: { openstack_stack_id: 'stack' } })],
    devices: [
      device({ metadata: { openstack_instance_id: 'server' } }),
      { ...device({ id: 2, metadata: { openstack_instance_id: 'volume' } }), kind: 'volume' } as never,
    ],
  });
  const territory = { isRead: true, ids: new Set<string>(), projects: new Set(['project']) };
  const homes = settleHomes(snapshot, [
    { name: 'north', ...territory },
    { name: 'south', ...territory },
  ]);
  const seen = new Map([['north', north], ...(south ? [['south', south] as const] : [])]);
  const { evidence } = agreeOnEvidence(seen, snapshot, homes).get('north')?.cloud ?? cloud();
  return [
    evidence.stacks.get('stack' as never),
    evidence.servers.get('server' as never),
    evidence.volumes.get('volume' as never),
  ];
}

test.each<[Evidence, Evidence, Evidence]>([
  ['not-found', 'not-found', 'not-found'],
  ['not-found', 'exists', 'exists'],
  ['not-found', 'unknown', 'unknown'],
  ['not-found', 'hidden', 'hidden'],
  ['not-found', 'deleted', 'deleted'],
  ['deleted', 'exists', 'exists'],
  ['deleted', 'unknown', 'deleted'],
])('one region says %s and another %s: %s', (north, south, both) => {
  expect(agreed(region(north), region(south))).toEqual([both, both, both]);
  expect(agreed(region(south), region(north))).toEqual([both, both, both]);
});

test('while one region was not read, nothing counts as gone on mere absence', () => {
  expect(agreed(region('not-found'))).toEqual(['unknown', 'unknown', 'unknown']);
});

test('while the Cinder of one region fails, no volume of either counts as gone on mere absence', () => {
  const cinder: Unread = { object: 'service', id: 'block-storage', name: 'Cinder', error: undefined };

  expect(agreed(region('not-found'), region('not-found', [cinder]))).toEqual([
    'not-found',
    'not-found',
    'unknown',
  ]);
});
