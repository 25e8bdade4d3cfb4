import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { componentsNamed } from '../../src/cli/component-names.ts';
import type { Config } from '../../src/config/config.ts';
import { freePort } from '../../src/sandbox/free-port.ts';
import { distinctReleases, freshConfig, mounts, type PlaybookRelease } from '../playbook/releases.ts';
import { outOfStep } from '../support/in-step.ts';
import { type Listening, startListening } from '../support/listening-scenario.ts';
import { anyBroker, type TestBroker, whyNoBroker } from '../support/rabbitmq.ts';
import { namelessCertificate, startTlsProxy } from '../support/tls-proxy.ts';
import { Image, type RunOptions } from './image.ts';
import { type Running, stop, until } from './running.ts';

const whyNo = await whyNoBroker();
const folder = mkdtempSync(join(tmpdir(), 'playbook-'));
const jwtSecret = 'b7Kx02mQpL9sWd4tZc81RfYh3NvGj6Ae';

let broker: TestBroker;

beforeAll(async () => {
  if (whyNo === undefined) broker = await anyBroker();
});
afterAll(async () => {
  if (whyNo === undefined) await broker[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** A host after the playbook: its folders, root's with mode 0755, and the configuration that the operator has filled in. */
async function hostOf(
  { givesJwtSecret }: PlaybookRelease,
  { cloud, portalUrl }: { cloud: Listening; portalUrl: string },
) {
  const root = mkdtempSync(join(folder, 'host-'));
  const at = (path: string) => join(root, path);
  const volumes = Object.fromEntries(
    Object.entries(mounts).map(([inside, outside]) => [inside.replace(/\/$/, ''), at(outside)]),
  );
  for (const path of Object.values(mounts)) mkdirSync(at(path.replace(/[^/]*$/, '')), { recursive: true });
  const port = await freePort();
  const { openstack, rmq } = parse(readFileSync(cloud.configFile, 'utf8')) as Record<string, unknown>;
  const { billing: _, ...fresh } = parse(freshConfig()) as Record<string, object>;
  writeFileSync(
    at(mounts['/etc/concertim-openstack-service/config.yaml']),
    stringify({
      ...fresh,
      openstack,
      rmq,
      concertim: { ...fresh['concertim'], concertim_url: portalUrl },
      // Further keys that a configuration of 2024 has.
      log_level: 'INFO',
      cloud_type: 'openstack',
      billing_platform: 'killbill',
      message_queue: 'rmq',
      something_of_another_version: true,
      updates: { interval: 5 },
      metrics: { interval: 2 },
      api: { host: '127.0.0.1', port },
    }),
  );
  const options: RunOptions = { volumes, ...(givesJwtSecret && { env: { JWT_SECRET: jwtSecret } }) };
  return { options, port, log: at(mounts['/app/var/log/']) };
}

/** What the portal of 1.0.0 and later signs its calls with. */
function token(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256' })}.${part({ exp: Math.floor(Date.now() / 1_000) + 60 })}`;
  return `${text}.${createHmac('sha256', jwtSecret).update(text).digest('base64url')}`;
}

async function askForKeyPairs(port: number, headers: Record<string, string> = {}): Promise<number> {
  const options = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', ...headers } };
  return (await fetch(`http://127.0.0.1:${port}/key_pairs`, options)).status;
}

test.skipIf(whyNo !== undefined).each(distinctReleases)(
  `playbook $playbook: all that it starts works on portal $portal, healthy${whyNo ? ` (skipped: ${whyNo})` : ''}`,
  async (release) => {
    await using cloud = await startListening({
      broker,
      withService: false,
      projects: 1,
      stacks: 1,
      servers: 2,
      release: release.portal,
    });
    await using proxy = await startTlsProxy(cloud.sandbox.services.concertim.url, namelessCertificate());
    const portalUrl = `https://127.0.0.1:${proxy.port}`;
    const { options, port, log } = await hostOf(release, { cloud, portalUrl });
    const started: { readonly name: string; readonly image: Image; readonly running: Running }[] = [];
    for (const { dockerfile } of release.containers) {
      const image = new Image(dockerfile);
      started.push({ name: dockerfile, image, running: image.start(options) });
    }
    const running = (component: string) =>
      started
        .filter(({ name }) =>
          componentsNamed([name], { clouds: [{ rmq: {} }] } as unknown as Config).some(
            (named) => named.component === component,
          ),
        )
        .map((each) => each.running);

    const [listener] = running('updates_mq');
    if (!listener) throw new Error('no container listens');
    await until(listener, () => listener.output().includes('"listening to notifications"'));
    await until(listener, () => outOfStep(cloud.sandbox).length === 0);
    for (const each of started)
      if (each.name !== 'metrics' && each.name !== 'fe_metrics') {
        await until(each.running, () => each.image.isHealthy(options));
      }
    const [server] = [...cloud.sandbox.cloud.compute.servers()];
    cloud.sandbox.cloud.compute.act(server?.id ?? '', 'stop');
    const wasOutOfStep = outOfStep(cloud.sandbox).length > 0;
    await cloud.inStep(60_000);
    const answers = {
      bare: await askForKeyPairs(port),
      signed: await askForKeyPairs(port, { authorization: `Bearer ${token()}` }),
    };
    const writers = running('updates_bulk').map((each) =>
      each.output().includes('"became the writer of the portal"'),
    );
    const codes: (number | null)[] = [];
    for (const each of started) codes.push((await stop(each.running, each.image)).code);

    expect(wasOutOfStep).toBe(true);
    // 422: the call was let in, and its body lacks required fields.
    expect(answers).toEqual(
      release.givesJwtSecret
        ? { bare: 401, signed: expect.toSatisfy(isNoRefusal) }
        : { bare: expect.toSatisfy(isNoRefusal), signed: expect.toSatisfy(isNoRefusal) },
    );
    expect(writers.length).toBeGreaterThan(0);
    expect(codes).toEqual(codes.map(() => 0));
    expect(readdirSync(log).sort()).toEqual(
      release.containers.map(({ dockerfile }) => `${dockerfile}.log`).sort(),
    );
    expect(statSync(log).uid).toBe(10_001);
    for (const { running: each } of started) {
      const notices = each.output().match(/something_of_another_version: is no key of this version/g);
      expect(notices).toHaveLength(1);
    }
  },
);

const isNoRefusal = (status: number) => status >= 400 && status !== 401 && status < 500;

test('the command of the Python image, where a deployment repeats it, starts the same', async () => {
  const image = new Image('billing');
  const root = mkdtempSync(join(folder, 'command-'));
  const config = join(root, 'config.yaml');
  writeFileSync(
    config,
    stringify({
      openstack: { auth_url: 'http://127.0.0.1:1/v3', user_id: 'u', password: 'p', project_id: 'p' },
      concertim: { concertim_url: 'http://127.0.0.1:1', concertim_username: 'a', concertim_password: 'p' },
    }),
  );
  for (const name of ['log', 'data']) mkdirSync(join(root, name));
  const volumes = {
    '/etc/concertim-openstack-service/config.yaml': config,
    '/app/var/log': join(root, 'log'),
    '/app/var/data': join(root, 'data'),
  };
  const command = ['python3', '/app/driver.py', '--process=billing'];
  const running = image.start({ volumes, command });

  await until(running, () => image.isHealthy({ volumes }));
  const { code } = await stop(running, image);

  expect(code).toBe(0);
  expect(running.output()).toContain('standby: the other components do this work');
});
