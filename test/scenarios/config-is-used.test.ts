import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../scripts/command.ts';
import { componentNames } from '../../src/components.ts';
import type { Config } from '../../src/config/config.ts';
import type { ConfigValues } from '../../src/config/config-values.ts';
import { configFromValues } from '../../src/config/load.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { freePort } from '../../src/sandbox/free-port.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { Service } from '../../src/service.ts';

/** Read by the command line alone, which shows it to a person before the service exists. */
const forTheCommandLine = ['notices'];
/** Sections that one component takes whole and reads when it needs them. */
const handedOnWhole = ['logRotation'];

/** The paths that components take: `log_level`, and each key of a section, such as `api.jwt`. */
function keysOf(config: object): string[] {
  return Object.entries(config).flatMap(([section, value]) =>
    isPart(value) && !handedOnWhole.includes(section)
      ? Object.keys(value).map((key) => `${section}.${key}`)
      : [section],
  );
}

/** The same value, which records the path of every key that is read. */
function watched<T extends object>(value: T, read: Set<string>, path = ''): T {
  return new Proxy(
    { ...value },
    {
      get(target, key) {
        const child: unknown = Reflect.get(target, key);
        const place = `${path}${String(key)}`;
        read.add(place);
        return isPart(child) && path === '' ? watched(child, read, `${place}.`) : child;
      },
    },
  );
}

function isPart(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret);
}

test('every key of the configuration is handed on to a component', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'config-is-used-'));
  await using sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 1, pace: 0 });
  const tls = (name: string) => join(root, 'test/fixtures/tls', name);
  const values: ConfigValues = {
    ...sandbox.config,
    log_level: 'info',
    log_dir: join(folder, 'log'),
    data_dir: join(folder, 'data'),
    rmq: { rmq_address: '127.0.0.1', rmq_port: 1, rmq_password: 'none', tls: true, cacert: tls('cert.pem') },
    api: {
      host: '127.0.0.1',
      port: await freePort(),
      jwt_secret: '0123456789abcdef',
      ui_token: 'a token of some length',
      tls_cert: tls('cert.pem'),
      tls_key: tls('key.pem'),
    },
    observability: { host: '127.0.0.1', port: await freePort(9), otlp_endpoint: 'http://127.0.0.1:1' },
  };
  const config: Config = configFromValues(values);
  const read = new Set<string>();
  const [{ name, path, allowedAuthUrls, openstack, rmq }] = config.clouds;
  const cloud = {
    name,
    path,
    allowedAuthUrls,
    openstack: watched(openstack, read, 'openstack.'),
    rmq: rmq && watched(rmq, read, 'rmq.'),
  };
  const service = new Service({
    config: watched({ ...config, clouds: [cloud] }, read),
    components: componentNames,
  });

  await service.run(AbortSignal.abort());
  await service[Symbol.asyncDispose]();

  rmSync(folder, { recursive: true });

  const unread = keysOf({ ...config, openstack, rmq }).filter((key) => !read.has(key));
  expect(read.size).toBeGreaterThan(30);
  expect(unread.filter((key) => !forTheCommandLine.includes(key))).toEqual([]);
  expect(readFileSync(join(root, 'src/cli/run.ts'), 'utf8')).toContain('config.notices');
});
