import { expect, test } from 'vitest';
import { SmallCloud } from '../../test/support/small-cloud.ts';
import { createLogger } from '../observability/logger.ts';
import { ExternalNetworks } from './external-networks.ts';

const log = createLogger({ level: 'critical', format: 'json' });

const startCloud = () =>
  SmallCloud.start({
    routes: (app) =>
      app.get('/network/v2.0/networks', () => ({ networks: [{ id: 'n1', name: 'provider' }] })),
  });

test('a cloud without Neutron has none', async () => {
  await using cloud = await startCloud();
  const networks = new ExternalNetworks(log);

  const names = await networks.read(cloud.session({ region: 'one without Neutron' }));

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

  const names = await networks.read(cloud.session(options));

  expect([...names]).toEqual(['provider']);
});

test('without a first answer nothing is known', async () => {
  await using cloud = await startCloud();
  cloud.faults.add({ service: 'cloud', path: /networks/, kind: 'answer', status: 503 });

  const names = new ExternalNetworks(log).read(cloud.session());

  await expect(names).rejects.toMatchObject({ status: 503 });
});
