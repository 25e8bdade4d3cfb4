import { Agent, request } from 'undici';
import { findEndpoint } from '../../../src/openstack/catalog.ts';
import { type SandboxConfig, sessionsOn } from '../../../test/support/sandbox-sessions.ts';
import { type Figure, figureOf, type Sample } from '../figure.ts';
import { type Setting, Stage } from '../stage.ts';

const atOnce = 5;
const writes = 2_000;

/** What the sandbox gives to a bare loop: what the service reaches against it must be less. */
export async function measureSandbox(setting: Setting): Promise<Figure[]> {
  await using stage = await Stage.set({ ...setting, latencyMs: 0 });
  await stage.sandbox.ask('showServers');
  const config: SandboxConfig = await stage.sandbox.ask('config');
  const { portal, cloud, close } = sessionsOn(config);
  const authorization = `Bearer ${(await portal.token()).reveal()}`;
  const { text, catalog } = await cloud.token();
  const where = { service: 'compute', interface: 'public', region: undefined, projectId: undefined } as const;
  const nova = findEndpoint(catalog, where).root;
  const agent = new Agent({ connections: atOnce });
  const ask = async (
    url: string,
    options: Omit<NonNullable<Parameters<typeof request>[1]>, 'dispatcher'>,
  ) => {
    const { statusCode, body } = await request(url, { dispatcher: agent, ...options });
    const { byteLength } = await body.arrayBuffer();
    if (statusCode >= 300) throw new Error(`${url} answered ${statusCode}.`);
    return byteLength;
  };
  const samples: Sample[] = [];
  for (let round = 0; round < setting.repetitions; round++) {
    let next = 0;
    const writing = performance.now();
    const work = async () => {
      while (next++ < writes) {
        await ask(`${config.concertim.concertim_url}/api/v1/devices/${1 + (next % setting.servers)}`, {
          method: 'PATCH',
          headers: { authorization, 'content-type': 'application/json' },
          body: JSON.stringify({ device: { description: `of round ${round}, ${next}` } }),
        });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    const reading = performance.now();
    const bytes = await ask(`${nova}/servers/detail?all_tenants=1&limit=1000`, {
      headers: { 'x-auth-token': text.reveal(), 'openstack-api-version': 'compute 2.100' },
    });
    const readMs = performance.now() - reading;
    samples.push({
      'PATCH /s': writes / ((reading - writing) / 1000),
      'page of servers, ms': readMs,
      'page of servers, MB': bytes / 2 ** 20,
    });
  }
  await Promise.all([agent.close(), close()]);
  return [figureOf({ ...setting, name: 'sandbox/bare loop', latencyMs: 0 }, samples)];
}
