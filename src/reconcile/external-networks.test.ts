import { expect, test } from 'vitest';
import { rewriteRows } from '../../test/support/rewrite-rows.ts';
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

test.each([
  ['network', 'networks', { name: ['odd'] }, ['192.0.2.7', '192.0.2.8']],
  ['port, without its server,', 'ports', { device_id: 7 }, ['192.0.2.8']],
  ['port, without its addresses,', 'ports', { fixed_ips: 'odd' }, ['192.0.2.8']],
  [
    'port, with half an address,',
    'ports',
    { fixed_ips: [{ ip_address: 7 }, { ip_address: '192.0.2.9' }] },
    ['192.0.2.8', '192.0.2.9'],
  ],
])('an odd %s costs no more than itself, from the first reading on', async (_, list, oddity, expected) => {
  await using sandbox = await startSandbox({ projects: 1 });
  const { compute, networking } = sandbox.cloud;
  const [first, second] = [...compute.servers()];
  const [external] = [...networking.networks.values()].filter(({ isExternal }) => isExternal);
  if (!first || !second || !external) throw new Error('too few servers');
  const rest = { projectId: first.projectId, deviceOwner: 'compute:nova', networkId: external.id };
  const odd = networking.addPort({ ...rest, deviceId: first.id, addresses: ['192.0.2.7'] });
  networking.addPort({ ...rest, deviceId: second.id, addresses: ['192.0.2.8'] });
  const neutron = { service: 'neutron', field: list, list };
  rewriteRows(sandbox, { ...neutron, list: 'networks', field: 'networks' }, (row) => ({
    ...row,
    name: ['odd'],
  }));
  rewriteRows(sandbox, neutron, (row) =>
    list === 'networks' || row['id'] === odd.id ? { ...row, ...oddity } : row,
  );
  const { cloud, close } = sessionsOn(sandbox.config);

  const { names, addresses } = await new ExternalNetworks(log).read(cloud);
  await close();

  expect(names).toEqual(new Set());
  expect(
    [...addresses.values()]
      .flatMap((each) => [...each])
      .filter((each) => /^192\.0\.2\.[789]$/.test(each))
      .sort(),
  ).toEqual(expected);
});

test('an internal network without a name may have any: the ports of external ones are listed', async () => {
  await using cloud = await SmallCloud.start({
    routes: (app) => {
      app.get('/network/v2.0/networks', ({ query }) => {
        const isExternal = (query as Record<string, string>)['router:external'] === 'true';
        return { networks: [isExternal ? { id: 'n1', name: 'provider' } : { id: 'n2', name: 7 }] };
      });
      app.get('/network/v2.0/ports', () => ({
        ports: [{ id: 'p1', device_id: 's1', fixed_ips: [{ ip_address: '192.0.2.7' }] }],
      }));
    },
  });

  const { names, addresses } = await new ExternalNetworks(log).read(cloud.session());

  expect(names).toEqual(new Set());
  expect(addresses).toEqual(new Map([['s1', new Set(['192.0.2.7'])]]));
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
