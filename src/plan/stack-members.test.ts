import { expect, test } from 'vitest';
import { cloud, flavor, server, tree } from '../../test/support/builders.ts';
import { emptyPortal } from './empty-portal.ts';
import { plan } from './plan.ts';
import { defaultPlanSettings } from './plan-settings.ts';

const attached = (...ids: string[]) => ids.map((id) => ({ id, deleteOnTermination: true }));

test('a stack is billed for the volumes that are attached to its servers, each volume once', () => {
  const seen = cloud({
    servers: [
      server({ id: 'web', volumes: attached('boot', 'shared') }),
      server({ id: 'db', volumes: attached('shared') }),
      server({ id: 'stray', volumes: attached('of-nobody') }),
    ],
    trees: [tree({ id: 'one', servers: ['web'] }), tree({ id: 'two', servers: ['db'] })],
    flavors: [flavor()],
  });

  const { members } = plan(seen, emptyPortal(['project'] as never), defaultPlanSettings);

  expect([...members()]).toEqual([
    ['one', ['web', 'boot', 'shared']],
    ['two', ['db']],
  ]);
});
