import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { freePort } from '../../src/sandbox/free-port.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { outOfStep } from '../support/in-step.ts';
import { Image } from './image.ts';
import { stop, until } from './running.ts';

const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Deployment {
  readonly kind: string;
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly securityContext: { readonly runAsUser: number };
        readonly containers: readonly [
          {
            readonly args: readonly string[];
            readonly env: readonly { readonly name: string; readonly value: string }[];
            readonly livenessProbe: { readonly httpGet: { readonly path: string } };
            readonly readinessProbe: { readonly httpGet: { readonly path: string } };
          },
        ];
      };
    };
  };
}

/** The pod that the chart makes of the values `all-in-one`. */
function pod() {
  const text = readFileSync(join(import.meta.dirname, '../helm/rendered/all-in-one.yaml'), 'utf8');
  const objects = parseAllDocuments(text).map((document) => document.toJS() as Deployment | null);
  const deployment = objects.find((object) => object?.kind === 'Deployment');
  if (!deployment) throw new Error('the chart makes no Deployment');
  return deployment.spec.template.spec;
}

test('the pod of the chart, as its user on a read-only root, does its work and answers its probes', async () => {
  await using sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 2, pace: 0 });
  const { securityContext, containers } = pod();
  const [{ args, env, livenessProbe, readinessProbe }] = containers;
  const [config, data] = [join(folder, 'config.yaml'), join(folder, 'data')];
  const [apiPort, metricsPort] = [await freePort(), await freePort(9)];
  const settings = {
    ...sandbox.config,
    api: { host: '127.0.0.1', port: apiPort },
    observability: { host: '127.0.0.1', port: metricsPort },
  };
  writeFileSync(config, stringify(settings));
  mkdirSync(data);
  // As `fsGroup` does.
  chownSync(data, securityContext.runAsUser, securityContext.runAsUser);
  const image = new Image('all');
  const running = image.start({
    volumes: { '/etc/concertim-openstack-service/config.yaml': config, '/app/var/data': data },
    env: Object.fromEntries(env.map(({ name, value }) => [name, value])),
    command: args,
    user: securityContext.runAsUser,
  });
  const probe = async ({ httpGet }: { httpGet: { path: string } }) =>
    (await fetch(`http://127.0.0.1:${metricsPort}${httpGet.path}`).catch(() => undefined))?.status;

  await until(running, async () => (await probe(livenessProbe)) === 200);
  await until(running, () => outOfStep(sandbox).length === 0);
  const answered = [200, 503].includes((await probe(readinessProbe)) ?? 0);
  const { code } = await stop(running, image);

  expect(answered).toBe(true);
  expect(code).toBe(0);
  expect(running.output()).toContain('"became the writer of the portal"');
  // What outlives the process: no lock, and no log beside standard output.
  expect(readdirSync(data).filter((name) => name.endsWith('.lock') || name.endsWith('.log'))).toEqual([]);
});
