import { expect, test } from 'vitest';
import { capturedMessages } from '../../test/support/captured-notifications.ts';
import { openEnvelope } from '../notifications/envelope.ts';
import { meaningOf } from '../notifications/meaning.ts';
import { announce, type EmittedMessage } from './notifications.ts';
import { startSandbox } from './sandbox.ts';

/**
 * All that a sandbox of no pace says while a server is stopped and deleted, its stack suspended and deleted, and a key pair
 * made and deleted.
 */
async function emittedMessages(): Promise<EmittedMessage[]> {
  await using sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 3, pace: 0 });
  const { cloud } = sandbox;
  const emitted: EmittedMessage[] = [];
  announce(cloud, (message) => emitted.push(message));
  const [stack] = [...cloud.orchestration.stacks()].filter(({ parent }) => !parent);
  const [server] = stack ? [...cloud.orchestration.serversOf(stack)] : [];
  const [account] = sandbox.population.accounts;
  if (!stack || !server || !account) throw new Error('the sandbox is empty');

  cloud.compute.act(server.id, 'stop');
  cloud.compute.act(server.id, 'start');
  cloud.compute.renameServer(server.id, 'renamed');
  cloud.orchestration.suspendStack(stack.id);
  cloud.orchestration.resumeStack(stack.id);
  cloud.orchestration.deleteStack(stack.id);
  const { user, project } = account;
  const draft = {
    name: 'mine',
    userId: user.id,
    type: 'ssh',
    publicKey: '',
    fingerprint: '',
    createdAt: 0,
  } as const;
  for (const verb of ['create', 'import'] as const) {
    const pair = cloud.keyPairs.add(draft, { verb, projectId: project.id });
    cloud.keyPairs.remove(pair, project.id);
  }
  return emitted;
}

test('every message has the fields of those that a real cloud sent', async () => {
  const captured = new Map(
    (['nova-neutron-unversioned', 'nova-key-pairs', 'heat'] as const)
      .flatMap(capturedMessages)
      .filter(({ routing_key }) => routing_key.startsWith('notifications.'))
      .map((message) => {
        const { eventType, payload } = openEnvelope(Buffer.from(message.body));
        return [eventType, { ...message, payload }];
      }),
  );

  const emitted = await emittedMessages();

  const types = new Set<string>();
  for (const message of emitted) {
    const { eventType, payload } = openEnvelope(Buffer.from(message.body));
    const real = captured.get(eventType);
    types.add(eventType);
    if (!real) continue;
    // Only the end of a creation has these two.
    const fields = Object.keys(real.payload).filter((field) => field !== 'message' && field !== 'fixed_ips');
    expect(Object.keys(payload), eventType).toEqual(expect.arrayContaining(fields));
    expect({ exchange: message.exchange, key: message.routingKey }, eventType).toEqual({
      exchange: real.exchange,
      key: real.routing_key,
    });
  }
  expect([...types]).toEqual(
    expect.arrayContaining([
      'compute.instance.update',
      'compute.instance.power_off.end',
      'compute.instance.power_on.end',
      'compute.instance.suspend.end',
      'compute.instance.delete.end',
      'keypair.create.start',
      'keypair.create.end',
      'keypair.import.start',
      'keypair.import.end',
      'keypair.delete.start',
      'keypair.delete.end',
      'orchestration.stack.suspend.start',
      'orchestration.stack.delete.end',
    ]),
  );
});

test('every message of Heat and Nova means a server or a stack to the listener, but for those of key pairs', async () => {
  const emitted = await emittedMessages();

  const notOurs = emitted
    .filter(({ exchange }) => exchange === 'nova' || exchange === 'heat')
    .map(({ body }) => openEnvelope(Buffer.from(body)))
    .filter((notification) => meaningOf(notification).kind === 'not-ours');

  expect(notOurs.filter(({ eventType }) => !eventType.startsWith('keypair.'))).toEqual([]);
});

test('Cinder and Neutron name the volumes and networks of a stack that is deleted', async () => {
  const said = (await emittedMessages())
    .filter(({ exchange }) => exchange === 'cinder' || exchange === 'neutron')
    .map(({ exchange, body }) => ({ exchange, ...openEnvelope(Buffer.from(body)) }));

  const deletions = said.filter(({ eventType }) => eventType.endsWith('.delete.end'));
  expect(deletions.filter(({ exchange }) => exchange === 'cinder')).toHaveLength(3);
  expect(deletions.filter(({ exchange }) => exchange === 'neutron')).toEqual([
    expect.objectContaining({
      eventType: 'network.delete.end',
      payload: expect.objectContaining({ network_id: expect.any(String) }),
    }),
  ]);
  for (const { exchange, payload, contextProjectId } of said.filter(
    ({ exchange }) => exchange === 'cinder',
  )) {
    expect(payload, exchange).toMatchObject({ volume_id: expect.any(String), tenant_id: contextProjectId });
  }
});
