/**
 * Figures from a real Gnocchi, of courses of measures whose true load is known at every moment: each must be within the
 * error that it says of itself (docs/telemetry.md).
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { definitions } from '../../src/metrics/definitions.ts';
import { type InstanceFigures, readFigures } from '../../src/metrics/read-figures.ts';
import { searchResources } from '../../src/openstack/metric.ts';
import type { ProjectId } from '../../src/openstack/model.ts';
import { isoTime } from '../../src/runtime/clock.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import { type Course, courses } from '../metrics-truth/course.ts';
import { signIn } from './openrc.ts';
import { openstackCommands } from './openstack-command.ts';

const seconds = 7_200;
const vcpus = 2;
const loads = courses({ full: vcpus * 1e9, seconds, random: seededRandom(1) });
const load = (name: string) => loads.find((course) => course.name === name) as Course;

/** Archive policies with the polling intervals that they serve. */
const setups = [
  { policy: 'concertim_rate_policy', polling: 10 },
  { policy: 'medium', polling: 60 },
  { policy: 'low', polling: 300 },
] as const;

/** An instance of our own, with one interface or two. */
interface Trial {
  readonly what: string;
  readonly instanceId: string;
  readonly cpu: Course;
  readonly policy: string;
  readonly polling: number;
  /** For each interface: when it is attached, and by how much its measures lag now. Seconds. */
  readonly interfaces: readonly { readonly from: number; readonly behind: number }[];
}

const one = [{ from: 0, behind: 0 }];
const trials: readonly Trial[] = [
  ...setups.flatMap((setup) =>
    loads.map((cpu) => ({ ...setup, cpu, what: cpu.name, instanceId: randomUUID(), interfaces: one })),
  ),
  ...[
    { what: 'an interface that is four minutes late', interfaces: [...one, { from: 0, behind: 240 }] },
    { what: 'an interface attached half an hour ago', interfaces: [...one, { from: 5_400, behind: 0 }] },
  ].map((trial) => ({ ...setups[0], ...trial, cpu: load('constant'), instanceId: randomUUID() })),
];

let gnocchi: (path: string, body?: unknown, method?: string) => Promise<unknown>;
let projectId: string;
/** Ids of the resources that were made. */
const made: string[] = [];
/** Second 0 of all courses, since 1970. */
let begin: number;
const startedAt = Date.now();

beforeAll(async () => {
  const [issued, endpoints] = await openstackCommands([
    'token issue',
    'endpoint list --service metric --interface public',
  ]);
  const url = (endpoints as { URL: string }[])[0]?.URL ?? '';
  const token = issued as { id: string; project_id: string };
  projectId = token.project_id;
  const headers = { 'x-auth-token': token.id, 'content-type': 'application/json' };
  gnocchi = async (path, body, method = body === undefined ? 'GET' : 'POST') => {
    const response = await fetch(url + path, {
      headers,
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  begin = Math.floor(Date.now() / 1000) - seconds;
  for (const trial of trials) await push(trial);
  await processed();
}, 600_000);

afterAll(async () => {
  for (const id of made) await gnocchi(`/v1/resource/generic/${id}`, undefined, 'DELETE');
});

test.each(trials.map((trial) => [`${trial.what}, ${trial.polling} s in ${trial.policy}`, trial] as const))(
  'true within its error: %s',
  async (_, trial) => {
    const read = await figuresOf(trial);
    const cpu = known(read, 'os.instance.cpu_utilization');
    const truth = (from: number, to: number) =>
      ((trial.cpu.total(to) - trial.cpu.total(from)) / 1e9 / vcpus) * 100;
    const peak = trial.cpu.peak(0, seconds) / 1e9 / vcpus;

    // A counter that began again a moment ago gives no figure yet, and says so.
    if (!cpu) {
      expect(trial.cpu.restarts.length).toBeGreaterThan(0);
      expect(read.figures.map((figure) => figure.kind === 'unknown' && figure.because)).toContain(
        'counter-fell',
      );
      return;
    }
    const [from, to] = [(cpu.at - cpu.spanMs) / 1000 - begin, cpu.at / 1000 - begin];
    expect(Math.abs(cpu.value - truth(from, to) / (to - from))).toBeLessThan(cpu.error * peak * 100 + 0.01);
    expect(seconds - to).toBeLessThan(3 * trial.polling + 700);
  },
);

test('a sum begins when its last interface was attached, and is whole', async () => {
  const trial = trials.find(({ interfaces }) => interfaces.some(({ from }) => from > 0)) as Trial;
  const net = known(await figuresOf(trial), 'os.net.avg_usage');

  // Each counter of each interface moves 1,000 bytes a second.
  expect(net?.value).toBeCloseTo(4_000, 6);
  expect((net?.at ?? 0) / 1000 - begin).toBeGreaterThan(seconds - 60);
  expect(((net?.at ?? 0) - (net?.spanMs ?? 0)) / 1000 - begin).toBeGreaterThan(5_400 - 5);
});

test('there is no sum of which a part is late', async () => {
  const trial = trials.find(({ interfaces }) => interfaces.some(({ behind }) => behind > 0)) as Trial;
  const { figures } = await figuresOf(trial);

  expect(figures.find(({ definition }) => definition.name === 'os.net.avg_usage')).toMatchObject({
    kind: 'unknown',
    because: 'part-late',
  });
});

test('what came or changed since a moment is found in one search, of whatever type', async () => {
  const projects = [projectId as ProjectId];
  const since = async (at: number) =>
    (await searchResources(signIn(), 'generic', { projects, metrics: [], revisedSince: at })).filter(
      ({ id }) => made.includes(id),
    );
  const [first] = trials;
  const all = await since(startedAt - 60_000);
  const changedAt = Date.now();
  const change = { flavor_id: 'another', flavor_name: 'another' };
  await gnocchi(`/v1/resource/instance/${first?.instanceId}`, change, 'PATCH');
  const changed = await searchResources(signIn(), 'instance', { projects, revisedSince: changedAt - 1_000 });

  expect(all.map(({ id }) => id).sort()).toEqual(made.toSorted());
  expect(new Set(all.map(({ type }) => type))).toEqual(new Set(['instance', 'instance_network_interface']));
  expect(changed.find(({ id }) => id === first?.instanceId)?.flavorId).toBe('another');
  expect(await since(Date.now() + 60_000)).toEqual([]);
});

async function figuresOf({ instanceId }: Trial): Promise<InstanceFigures> {
  return readFigures(signIn(), instanceId, { size: { vcpus, ram: 2_048 } });
}

function known({ figures }: InstanceFigures, name: string) {
  const figure = figures.find(({ definition }) => definition.name === name);
  return figure?.kind === 'known' ? figure : undefined;
}

/** Writes what Ceilometer's agent would have written. */
async function push({ instanceId, cpu, policy, polling, interfaces }: Trial): Promise<void> {
  const owner = { project_id: projectId, user_id: null };
  await gnocchi('/v1/resource/instance', {
    ...owner,
    id: instanceId,
    display_name: instanceId,
    host: 'host',
    flavor_id: 'none',
    flavor_name: 'none',
    image_ref: '',
  });
  made.push(instanceId);
  const batch: Record<string, Record<string, unknown>> = {
    [instanceId]: {
      cpu: metric(
        policy,
        samples(polling, (second) => counted(cpu, second)),
      ),
    },
  };
  for (const [index, { from, behind }] of interfaces.entries()) {
    const { id } = (await gnocchi('/v1/resource/instance_network_interface', {
      ...owner,
      id: `${instanceId}-tap${index}`,
      name: `tap${index}`,
      instance_id: instanceId,
    })) as { id: string };
    made.push(id);
    const moved = samples(polling, (second) => 1_000 * (second - from), { from, until: seconds - behind });
    batch[id] = Object.fromEntries(netMeters.map((meter) => [meter, metric(policy, moved)]));
  }
  await gnocchi('/v1/batch/resources/metrics/measures?create_metrics=true', batch);
}

const netMeters = definitions.find(({ name }) => name === 'os.net.avg_usage')?.meters ?? [];

function metric(policy: string, measures: readonly unknown[]) {
  return { archive_policy_name: policy, measures };
}

function samples(
  polling: number,
  valueAt: (second: number) => number,
  { from = 0, until = seconds }: { from?: number; until?: number } = {},
) {
  const times = Array.from({ length: Math.floor(seconds / polling) }, (_, index) => index * polling + 1);
  return times
    .filter((second) => second >= from && second < until)
    .map((second) => ({ timestamp: isoTime((begin + second) * 1000), value: valueAt(second) }));
}

/** From nothing on, since the counter last began. */
function counted(course: Course, second: number): number {
  const since = course.restarts.findLast((restart) => restart <= second) ?? 0;
  return course.total(second) - course.total(since);
}

/** Until Gnocchi has worked out the means of all that was pushed. */
async function processed(): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const { storage } = (await gnocchi('/v1/status')) as { storage: { summary: { measures: number } } };
    if (storage.summary.measures === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  throw new Error('Gnocchi did not process what was pushed within five minutes');
}
