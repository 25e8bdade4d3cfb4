import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import manifest from '../../package.json' with { type: 'json' };
import { root } from '../../scripts/command.ts';
import { type ComponentName, componentNames, observabilityPorts } from '../../src/components.ts';
import { loadConfig } from '../../src/config/load.ts';
import { helm, whyNoHelm } from '../support/helm.ts';
import { type KubernetesObject, problemsOf } from './kubernetes-object.ts';

// The first run builds Helm, where it is missing.
vi.setConfig({ testTimeout: 60_000 });
const whyNo = whyNoHelm();
const skipped = whyNo ? ` (skipped: ${whyNo})` : '';

const chart = join(root, 'deploy/helm/concertim-openstack-service');
const folder = mkdtempSync(join(tmpdir(), 'helm-'));
afterAll(() => rmSync(folder, { recursive: true }));

const sets = readdirSync(join(import.meta.dirname, 'values')).map((name) => basename(name, '.yaml'));
const valuesOf = (set: string) => join(import.meta.dirname, 'values', `${set}.yaml`);
const read = (path: string) => readFileSync(path, 'utf8');

interface Container {
  readonly args: readonly [string, ComponentName | 'all'];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext: object;
  readonly startupProbe: object;
  readonly livenessProbe: object;
  readonly readinessProbe: object;
}
interface Deployment extends KubernetesObject {
  readonly spec: {
    readonly replicas: number;
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: { readonly securityContext: object; readonly containers: readonly [Container] };
    };
  };
}

/** The objects that the chart makes of these values, as last rendered. */
function rendered(set: string): KubernetesObject[] {
  return parseAllDocuments(read(join(import.meta.dirname, 'rendered', `${set}.yaml`)))
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);
}
const ofKind = <T extends KubernetesObject>(set: string, kind: string) =>
  rendered(set).filter((object): object is T => object.kind === kind);

/**
 * Leaves out the copies of the alerts and the dashboard, which have tests of their own and change more often.
 */
function withoutCopies(text: string): string {
  const isCopy = (part: string) => /^# Source: .*\/templates\/(prometheus-rule|dashboard)\.yaml$/m.test(part);
  return text
    .split(/^(?=---$)/m)
    .filter((part) => !isCopy(part))
    .join('');
}

test.skipIf(whyNo !== undefined).each(sets)(
  `what the chart makes of the values %s is what is kept beside them, and helm lint is content${skipped}`,
  async (set) => {
    const lint = helm('lint', '--values', valuesOf(set));
    const { status, stdout, stderr } = helm('template', '--values', valuesOf(set));

    expect(lint.status, lint.stdout).toBe(0);
    expect(status, stderr).toBe(0);
    await expect(withoutCopies(stdout)).toMatchFileSnapshot(
      join(import.meta.dirname, 'rendered', `${set}.yaml`),
    );
  },
);

test.skipIf(whyNo !== undefined)(`a cloud may be named as clouds.yaml has it${skipped}`, () => {
  const set = 'config.openstack.auth_url=null,config.openstack.cloud=site';

  const { status, stdout } = helm('template', '--values', valuesOf('separate'), '--set', set);

  expect(status).toBe(0);
  expect(stdout).toContain('cloud: site');
});

test.skipIf(whyNo !== undefined).each([
  ['config.openstack.auth_url=', 'config.openstack.auth_url is missing'],
  ['config.clouds[0].name=north', 'config.clouds is given beside config.openstack'],
  [
    'config.openstack=null,config.rmq=null,config.clouds[0].name=north',
    'config.clouds[0].openstack.auth_url is missing',
  ],
  ['config.concertim.concertim_url=', 'config.concertim.concertim_url is missing'],
  ['existingSecret=other', 'secrets and existingSecret are both given'],
  ['config.rmq.rmq_address=', 'components.updates_mq is enabled without config.rmq.rmq_address'],
  [
    'config.rmq.rmq_address=,components.updates_mq.enabled=false,components.updates_bulk.replicas=2',
    'components.updates_bulk.replicas is more than 1 without config.rmq.rmq_address',
  ],
  ['layout=both', 'layout'],
  ['components.metrics.replicas=2', 'components.metrics.replicas'],
  ['secrets.PASSWORD=x', 'PASSWORD'],
  ['replicas=2', 'replicas'],
])(`with %s the chart is refused: %s${skipped}`, (set, why) => {
  const { status, stderr } = helm('template', '--values', valuesOf('separate'), '--set', set);

  expect(status).toBe(1);
  expect(stderr).toContain(why);
});

test.each(sets)('Kubernetes and the Prometheus operator know all that the values %s make', async (set) => {
  const objects = rendered(set);

  const problems = (await Promise.all(objects.map(problemsOf))).flat();

  expect(objects.length).toBeGreaterThan(4);
  expect(problems).toEqual([]);
});

test.skipIf(whyNo !== undefined)(
  `the alerts and the dashboard are in the chart, whole${skipped}`,
  async () => {
    const { stdout } = helm('template', '--values', valuesOf('replicated'));
    const objects = parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject);
    const named = (kind: string) =>
      objects.find((object) => object.kind === kind && object.metadata.labels?.['release'] === 'prometheus');
    const rule = named('PrometheusRule');
    const dashboard = objects.find(({ metadata }) => metadata.name.endsWith('-dashboard'));

    expect(rule).toMatchObject({ spec: parse(read(join(root, 'etc/prometheus/alerts.yaml'))) as object });
    expect(rule && (await problemsOf(rule))).toEqual([]);
    expect(named('ServiceMonitor')).toBeDefined();
    expect(dashboard).toMatchObject({
      data: {
        'concertim-openstack-service.json': read(join(root, 'etc/grafana/concertim-openstack-service.json')),
      },
    });
  },
);

test('a field that is misspelt, missing or of a wrong type is found', async () => {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'x' },
    spec: { ports: [{ port: 'http', targetPrt: 80 }], typ: 'ClusterIP' },
  };

  expect(await problemsOf(service)).toEqual([
    expect.stringContaining('data/spec/ports/0/port must be'),
    'Service x: /spec/ports/0/targetPrt is no field',
    'Service x: /spec/typ is no field',
  ]);
});

test.each(sets)('names of the values %s fit into a label, and are there once', (set) => {
  const names = rendered(set).map(({ kind, metadata }) => `${kind} ${metadata.name}`);

  expect(new Set(names).size).toBe(names.length);
  expect(rendered(set).every(({ metadata }) => metadata.name.length <= 63)).toBe(true);
});

test.each(sets)('the pods of the values %s run without rights, and are asked where they answer', (set) => {
  const deployments = ofKind<Deployment>(set, 'Deployment');

  for (const { spec } of deployments) {
    const pod = spec.template.spec;
    const [container] = pod.containers;
    const [run, component] = container.args;
    const config = parse(
      ofKind<KubernetesObject & { data: { 'config.yaml': string } }>(set, 'ConfigMap')[0]?.data[
        'config.yaml'
      ] ?? '',
    ) as { api: { port: number }; observability: { host: string; port: number } };
    const first = component === 'all' ? 'updates_bulk' : component;
    const metrics = observabilityPorts(config.observability.port, first).usual;
    const api = { name: 'api', containerPort: config.api.port };

    expect(run).toBe('run');
    expect([...componentNames, 'all']).toContain(component);
    expect(config.observability.host).toBe('0.0.0.0');
    expect(container.ports).toEqual([
      { name: 'metrics', containerPort: metrics },
      ...(component === 'api' || component === 'all' ? [api] : []),
    ]);
    expect(container.startupProbe).toMatchObject({ httpGet: { path: '/healthz', port: 'metrics' } });
    expect(container.livenessProbe).toMatchObject({ httpGet: { path: '/healthz', port: 'metrics' } });
    expect(container.readinessProbe).toMatchObject({ httpGet: { path: '/readyz', port: 'metrics' } });
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10_001 });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
  }
  expect(deployments.length).toBeGreaterThan(0);
});

test('what there are two of has a budget of disruptions; what is switched on is there', () => {
  const kinds = rendered('replicated').map(({ kind }) => kind);
  const budgets = ofKind('replicated', 'PodDisruptionBudget').map(({ metadata }) => metadata.name);
  const many = ofKind<Deployment>('replicated', 'Deployment').filter(({ spec }) => spec.replicas > 1);

  expect(budgets.sort()).toEqual(many.map(({ metadata }) => metadata.name).sort());
  expect(kinds).toEqual(expect.arrayContaining(['ServiceMonitor', 'NetworkPolicy']));
});

test.each(['separate', 'all-in-one', 'several-clouds'])(
  'the service starts with what the values %s make of config.yaml',
  (set) => {
    const [config] = ofKind<KubernetesObject & { data: Record<string, string> }>(set, 'ConfigMap');
    const [secret] = ofKind<KubernetesObject & { stringData: Record<string, string> }>(set, 'Secret');
    const file = join(folder, `${set}.yaml`);
    writeFileSync(file, config?.data['config.yaml'] ?? '');

    const { notices, clouds } = loadConfig({ file, env: secret?.stringData ?? {} });
    const [{ rmq }] = clouds;

    expect(notices).toEqual([]);
    expect(rmq?.password.reveal()).toBe('of-rabbitmq');
    expect(clouds.map(({ openstack }) => openstack.credentials.kind)).toEqual(clouds.map(() => 'password'));
    expect(config?.data['config.yaml']).not.toMatch(/of-(openstack|concertim|rabbitmq)/);
  },
);

test('the chart has the version of the package, and its own values keep to their schema', () => {
  const { version, appVersion } = parse(read(join(chart, 'Chart.yaml'))) as Record<string, string>;
  const schema = z.fromJSONSchema(JSON.parse(read(join(chart, 'values.schema.json'))));
  const files = [join(chart, 'values.yaml'), ...sets.map(valuesOf)];

  const accepted = files.map((file) => schema.safeParse(parse(read(file))).success);

  expect({ version, appVersion }).toEqual({ version: manifest.version, appVersion: manifest.version });
  expect(accepted).toEqual(files.map(() => true));
  expect(schema.safeParse(parse(stringify({ layout: 'both' }))).success).toBe(false);
});
