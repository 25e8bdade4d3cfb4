import { expect, test } from 'vitest';
import {
  cloud,
  device,
  portal,
  rack,
  server,
  settings,
  template,
  tree,
} from '../../test/support/builders.ts';
import { changesOf } from './change.ts';
import { plan } from './plan.ts';

/** A stack with one server, as a run has shown it of the cloud south. */
const shown = portal({
  racks: [rack({ name: 'stack', metadata: { openstack_stack_id: 'stack', openstack_cloud: 'south' } })],
  devices: [device({ name: 'web', metadata: { openstack_instance_id: 'web', openstack_cloud: 'south' } })],
  templates: [template({ name: 'flavor', foreignId: 'flavor' })],
});
const notFound = cloud({
  evidence: { servers: { web: 'not-found' }, stacks: { stack: 'not-found' } },
});
const deletions = { maxDeletions: 5, maxShare: 1, allowAll: false };
const deletedBy = (planned: ReturnType<typeof plan>) =>
  changesOf(planned).flatMap(({ kind }) => (kind.startsWith('delete-') ? [kind] : []));

test('what names a cloud that is not configured any more stays, until deletions are allowed', () => {
  const chosen = settings({ deletions, clouds: ['north'] });

  const planned = plan(notFound, shown, chosen);
  const allowed = plan(notFound, shown, {
    ...chosen,
    deletions: { ...deletions, allowAll: true },
  });

  expect(deletedBy(planned)).toEqual([]);
  expect(planned.warnings).toEqual([]);
  expect(planned.held.map(({ kind, reason }) => `${kind}: ${reason}`)).toEqual([
    'device: it is of cloud south, which is not in the configuration any more',
    'rack: it is of cloud south, which is not in the configuration any more',
  ]);
  expect(deletedBy(allowed)).toEqual(['delete-device', 'delete-rack']);
});

test('it goes when the cloud reports that it deleted it: the metadata named another', () => {
  const deleted = cloud({ evidence: { servers: { web: 'deleted' }, stacks: { stack: 'deleted' } } });

  const planned = plan(deleted, shown, settings({ deletions, clouds: ['north'] }));

  expect(deletedBy(planned)).toEqual(['delete-device', 'delete-rack']);
});

test('of one cloud that lists the objects their rows lose the name, and nothing else changes', () => {
  const seen = cloud({
    servers: [server({ id: 'web' })],
    trees: [tree({ id: 'stack', servers: ['web'] })],
  });

  const changes = changesOf(plan(seen, shown, settings({ clouds: ['north'] })));

  const metadata = changes.flatMap((change) =>
    change.kind === 'update-rack' || change.kind === 'update-device' ? [change.patch.metadata] : [],
  );
  expect(metadata).toHaveLength(2);
  for (const each of metadata) expect(each).not.toHaveProperty('openstack_cloud');
});
