import { errorAt, largestError, spanOf } from '../../metrics/precision.ts';
import {
  type ArchivePolicyDraft,
  aggregateMeasures,
  findArchivePolicyOf,
  listArchivePolicies,
  method,
  type Point,
  type Resource,
  searchResources,
} from '../../openstack/metric.ts';
import type { Server } from '../../openstack/model.ts';
import { parseTime } from '../../runtime/clock.ts';
import { advice, error, type Finding, ok, warning } from '../finding.ts';
import type { Patient } from '../patient.ts';
import type { ServerSample } from './compute.ts';

/** A meter of every instance that runs. */
const meter = 'cpu';
/** So many of the running ones are looked for. */
const looks = 3;
const dayS = 86_400;
/** The interval that Ceilometer comes with is five minutes. */
const staleMs = 15 * 60_000;
const lookBackMs = 2 * 3_600_000;
/** Up to here a figure in the portal seems live. */
const liveS = 60;

/** Good for what the portal shows: minutes for a day, and five minutes for a month. */
const ownPolicy: ArchivePolicyDraft = {
  name: 'concertim',
  methods: [method],
  grains: [
    { seconds: 60, timespan: dayS },
    { seconds: 300, timespan: 30 * dayS },
  ],
};

/** Of 100 %. */
const trueEnough = 0.05;
/** With a granularity of one second, figures are accurate and a few seconds old. */
const finePolicy: ArchivePolicyDraft = {
  name: 'concertim_policy',
  methods: [method],
  grains: [
    { seconds: 1, timespan: 3_600 },
    { seconds: 60, timespan: dayS },
  ],
};

/** Gnocchi: how measures can be kept. */
export async function checkArchivePolicies({ cloud }: Patient, signal: AbortSignal): Promise<Finding> {
  const check = 'gnocchi.archive-policies';
  const policies = await listArchivePolicies(cloud, { signal });
  const usable = policies.filter(({ methods, grains }) => methods.includes(method) && grains.length > 0);
  if (usable.length > 0) {
    const told = usable.map(
      ({ name, grains }) => `${name} (${grains.map(({ seconds }) => `${seconds} s`).join(', ')})`,
    );
    return ok(check, `Archive policies that keep the ${method}: ${told.join(', ')}`);
  }
  return error(check, {
    found:
      policies.length === 0
        ? 'Gnocchi has no archive policy'
        : `None of the archive policies keeps the ${method}: ${policies.map(({ name }) => name).join(', ')}`,
    why: 'Figures are computed from the means of counters.',
    repair: `${commandFor(ownPolicy)}; then publish with it in Ceilometer's pipeline.yaml: gnocchi://?archive_policy=${ownPolicy.name}`,
    remedy: { kind: 'create-archive-policy', policy: ownPolicy },
  });
}

function commandFor({ name, methods, grains }: ArchivePolicyDraft): string {
  const definitions = grains.map(
    ({ seconds, timespan }) => `-d granularity:${seconds}s,timespan:${timespan}s`,
  );
  return `gnocchi archive-policy create ${definitions.join(' ')} ${methods.map((each) => `-m ${each}`).join(' ')} ${name}`;
}

/** Whether Gnocchi has fresh measures of an instance, how far apart, and how they are kept. */
export async function checkMeasures(
  { cloud, clock }: Patient,
  servers: ServerSample,
  signal: AbortSignal,
): Promise<Finding[]> {
  const check = 'gnocchi.measures';
  const running = servers.flatMap((server) =>
    server.kind === 'server' && server.vmState === 'active' ? [server] : [],
  );
  if (running.length === 0) return [ok(check, 'No server is running, so there are no measures to check')];
  const older = running.filter(({ createdAt }) => clock.now() - (parseTime(createdAt) ?? 0) > staleMs);
  const looked = (older.length > 0 ? older : running).slice(0, looks);
  const findings = await checkServers({ cloud, clock }, looked, signal);
  if (older.length > 0) return findings;
  return findings.map((finding) =>
    finding.level === 'warning'
      ? ok(check, `No server has run for ${staleMs / 60_000} minutes: they may not have been polled yet`)
      : finding,
  );
}

async function checkServers(
  { cloud, clock }: Pick<Patient, 'cloud' | 'clock'>,
  looked: readonly Server[],
  signal: AbortSignal,
): Promise<Finding[]> {
  const check = 'gnocchi.measures';
  const found = await Promise.all(
    looked.map(({ id }) => searchResources(cloud, 'instance', { instanceId: id }, signal)),
  );
  const instances = found.flat().filter(({ metrics }) => metrics[meter] !== undefined);
  if (instances.length === 0) {
    return [
      warning(check, {
        found: `Gnocchi has the metric ${meter} for none of ${looked.length} running servers`,
        why: 'The portal shows no figures for them.',
        repair:
          'On each compute host: systemctl status ceilometer-agent-compute; its polling.yaml needs the meter cpu, its pipeline.yaml the publisher gnocchi://',
      }),
    ];
  }
  return (
    await Promise.all(
      instances.slice(0, 1).map((instance) => checkInstance({ cloud, clock }, instance, signal)),
    )
  ).flat();
}

async function checkInstance(
  { cloud, clock }: Pick<Patient, 'cloud' | 'clock'>,
  { id, metrics }: Resource,
  signal: AbortSignal,
): Promise<Finding[]> {
  const check = 'gnocchi.measures';
  const policy = await findArchivePolicyOf(cloud, metrics[meter] ?? '', signal);
  const grain = policy?.grains[0];
  if (!policy || !grain) return [ok(check, `The metric ${meter} of instance ${id} is being created`)];
  if (!policy.methods.includes(method)) {
    return [
      error('gnocchi.archive-policies', {
        found: `Archive policy ${policy.name} of ${meter} of instance ${id} keeps no ${method}, only ${policy.methods.join(', ')}`,
        why: 'Figures are computed from the means of counters.',
        repair: `In Ceilometer's pipeline.yaml, publish with another: gnocchi://?archive_policy=NAME. Existing metrics keep theirs: gnocchi resource delete ${id}`,
      }),
    ];
  }
  const now = clock.now();
  const wanted = {
    type: 'instance',
    ids: [id],
    names: [meter],
    granularity: grain.seconds,
    since: now - lookBackMs,
  } as const;
  const answer = await aggregateMeasures(cloud, wanted, signal);
  const points = answer.kind === 'measures' ? (answer.measures.get(id)?.get(meter) ?? []) : [];
  return [
    checkFreshness(points, { id, now }),
    ...checkGrain(policy.name, grain.seconds, points),
    checkPrecision(policy.name, grain.seconds, points),
  ];
}

function checkFreshness(points: readonly Point[], { id, now }: { id: string; now: number }): Finding {
  const check = 'gnocchi.measures';
  const newest = points.at(-1);
  const ageMs = newest === undefined ? undefined : now - newest.at;
  if (ageMs !== undefined && ageMs <= staleMs) {
    return ok(
      check,
      `The newest measure of ${meter} of instance ${id} is ${Math.round(ageMs / 1_000)} s old`,
    );
  }
  const age = ageMs === undefined ? 'older than two hours' : `${Math.round(ageMs / 60_000)} minutes old`;
  return warning(check, {
    found: `The newest measure of ${meter} of running instance ${id} is ${age}`,
    why: 'A figure that is not renewed disappears from the portal.',
    repair:
      'Is it polled? On its host: systemctl status ceilometer-agent-compute. Is it processed? gnocchi status counts what waits for gnocchi-metricd.',
  });
}

/** How true the figures can be: src/metrics/precision.ts. */
function checkPrecision(policy: string, seconds: number, points: readonly Point[]): Finding {
  const check = 'gnocchi.precision';
  const times = { pollingMs: (intervalOf(points) ?? 0) * 1_000, granularityMs: seconds * 1_000 };
  const error = errorAt(times);
  const meanS = Math.max(spanOf(times.granularityMs), times.pollingMs) / 1_000;
  const found = `By archive policy ${policy} figures are means of ${meanS} s, within ± ${Math.round(error * 1_000) / 10} points of the true mean of CPU`;
  if (error <= trueEnough) return ok(check, found);
  const repair = `Have Ceilometer publish by an archive policy with finer grains: ${commandFor(finePolicy)}; docs/telemetry.md has the files`;
  return error > largestError
    ? warning(check, {
        found: `Archive policy ${policy} has grains of ${seconds} s: too coarse for a true figure`,
        why: 'Figures of such measures are not sent.',
        repair,
      })
    : advice(check, { found, why: 'It is not known when within a grain a sample was taken.', repair });
}

/** Seconds between two points; undefined: there are too few. */
function intervalOf(points: readonly Point[]): number | undefined {
  const gaps = points.slice(1).map(({ at }, index) => (at - (points[index]?.at ?? at)) / 1_000);
  return gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)];
}

function checkGrain(policy: string, seconds: number, points: readonly Point[]): Finding[] {
  const interval = intervalOf(points);
  const seen = interval === undefined ? 'too few to tell how often' : `one every ${interval} s`;
  const found = `Measures of ${meter}: ${seen}; archive policy ${policy} keeps ${seconds} s`;
  if (Math.max(seconds, interval ?? 0) <= liveS) return [ok('gnocchi.interval', found)];
  return [
    advice('gnocchi.interval', {
      found,
      why: 'Figures in the portal are up to this old.',
      repair: `In Ceilometer's polling.yaml: interval: ${liveS}; in pipeline.yaml: gnocchi://?archive_policy=NAME of one with a granularity of ${liveS} s, such as: ${commandFor(ownPolicy)}`,
    }),
  ];
}
