/**
 * A cloud and a portal in the tests of another program, here of one that counts the servers that Concertim shows:
 *
 *     node --test examples/sandbox-in-a-test.ts
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createService, Secret } from 'concertim-openstack-service';
import { listDevices, Session } from 'concertim-openstack-service/concertim';
import { startSandbox } from 'concertim-openstack-service/sandbox';

/** What is tested. */
async function countServers(session: Session): Promise<number> {
  return (await listDevices(session)).filter(({ kind }) => kind === 'server').length;
}

test('as many servers are shown as the cloud has', async (context) => {
  // The same seed fills it with the same cloud.
  const sandbox = await startSandbox({ seed: 7, projects: 1, stacks: 2, servers: 3 });
  context.after(() => sandbox.close());
  const config = { log_level: 'error', ...sandbox.config } as const;
  const service = createService({ config, components: ['updates_bulk'] });
  context.after(() => service[Symbol.asyncDispose]());
  const { concertim_url: url, concertim_username: login, concertim_password } = sandbox.config.concertim;
  const session = new Session({ url, login, password: new Secret(concertim_password) });

  await service.runOnce(new AbortController().signal);

  assert.equal(await countServers(session), 2 * 3);
  await session.close();
});
