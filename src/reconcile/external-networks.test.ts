import { expect, test } from 'vitest';
import { sessionsOn } from '../../test/support/sandbox-sessions.ts';
import { SmallCloud } from '../../test/support/small-cloud.ts';
import { createLogger } from '../observability/logger.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { ExternalNetworks } from './external-networks.ts';

const log = createLogger({ level: 'critical', format: 'json' });

const startCloud = () =>
  SmallCloud.start({
    routes: (app) =>
      app.get('/network/v2.0/networks', ({ query }) => {
        const isExternal = (query as Record<string, string>)['router:external'] === 'true';
        return { networks: isExternal ? [{ id: 'n1', name: 'provider' }] : [] };
      }),
  });

test('a cloud without Neutron has none', async () => {
  await using cloud = await startCloud();
  const networks = new ExternalNetworks(log);

  const { names } = await networks.read(cloud.session({ region: 'one without Neutron' }));

  expect([...names]).toEqual([]);
});

test.each([
  ['fails', {}],
  ['is missing in the catalog', { region: 'one without Neutron' }],
])('the last answer serves while Neutron %s', async (_, options) => {
  await using cloud = await startCloud();
  const networks = new ExternalNetworks(log);
  await networks.read(cloud.session());
  cloud.faults.add({ service: 'cloud', path: /networks/, kind: 'answer', status: 503 });

  const { names } = await networks.read(cloud.session(options));

  expect([...names]).toEqual(['provider']);
});

test('without a first answer nothing is known', async () => {
  await using cloud = await startCloud();
  cloud.faults.add({ service: 'cloud', path: /networks/, kind: 'answer', status: 503 });

  const names = new ExternalNetworks(log).read(cloud.session());

  await expect(names).rejects.toMatchObject({ status: 503 });
});

test('when an internal network has the same name, the ports of the external network are listed', async () => {
  await using sandbox = await startSandbox({ projects: 1 });
  const { compute, networking } = sandbox.cloud;
  const [inside, outside] = [...compute.servers()];
  if (!inside || !outside) throw new Error('too few servers');
  const ofAdmin = { projectId: inside.projectId, createdAt: 0 };
  const [external] = [...networking.networks.values()].filter(({ isExternal }) => isExternal);
  const internal = networking.addNetwork({ name: 'public', ...ofAdmin });
  const port = { projectId: inside.projectId, deviceOwner: 'compute:nova' };
  networking.addPort({ ...port, networkId: internal.id, deviceId: inside.id, addresses: ['10.0.0.1'] });
  networking.addPort({
    ...port,
    networkId: external?.id ?? '',
    deviceId: outside.id,
    addresses: ['192.0.2.7', '2001:db8::7'],
  });
  const { cloud, close } = sessionsOn(sandbox.config);

  const networks = await new ExternalNetworks(log).read(cloud);
  await close();

  expect(networks.names).toEqual(new Set());
  expect(networks.addresses).toEqual(new Map([[outside.id, new Set(['192.0.2.7', '2001:db8::7'])]]));
});
