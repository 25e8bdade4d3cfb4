import { expect, test } from 'vitest';
import { sessionsOn } from '../../test/support/sandbox-sessions.ts';
import type { ProjectId } from '../openstack/model.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { listOfProject } from './kind-source.ts';

test.each([
  ['server', 'nova'],
  ['volume', 'cinder'],
  ['network', 'neutron'],
] as const)('a run that is stopped waits for no list of %ss', async (kind, service) => {
  await using sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 1, pace: 0, release: 'main' });
  const { cloud, close } = sessionsOn(sandbox.config);
  const stop = new AbortController();
  sandbox.faults.add({
    service,
    kind: 'rewrite',
    rewrite: (body) => {
      stop.abort(new Error('stopped'));
      return body;
    },
  });

  await expect(listOfProject(kind, cloud, 'any' as ProjectId, stop.signal)).rejects.toThrow('stopped');

  await close();
});
