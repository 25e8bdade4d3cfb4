import type { MetricReporting } from '../concertim/metric-reporting.ts';
import type { Traffic } from '../observability/traffic.ts';
import type { Session as CloudSession } from '../openstack/session.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';
import { explain, ServiceError, severityOf } from '../runtime/severity.ts';
import { startStopwatch } from '../runtime/stopwatch.ts';
import type { DeviceSource } from './cloud-devices.ts';
import { type CycleReport, UnknownCount, type WhyUnknown } from './cycle-report.ts';
import { type Definition, metersByType } from './definitions.ts';
import type { InstanceDevice } from './device-list.ts';
import { figuresOf, type MeasuredResource, type Size, type Unknown } from './figures.ts';
import { MeasureReader, type ReadFailure, type Reading } from './measure-reader.ts';
import type { SharedPace } from './pace.ts';
import { type InstanceResource, ResourceMap } from './resource-map.ts';
import { type Delivery, type FigureNames, sendValues } from './send.ts';
import { longestSilenceMs, SentValues, type Value } from './sent-values.ts';
import { TimeLimit } from './time-limit.ts';

export interface MetricPumpOptions {
  readonly cloud: CloudSession;
  /** Those of the cloud. */
  readonly devices: DeviceSource;
  readonly reporting: MetricReporting;
  /** At which all that sends to the daemon sends. */
  readonly pace: SharedPace;
  readonly intervalMs: number;
  /** How long the portal shows a value that is not renewed. */
  readonly ttlMs: number;
  readonly cpuPerVcpu: boolean;
  /** The names of figures: those that this service's version of that year used. */
  readonly names: FigureNames;
  readonly traffic: Traffic;
  readonly clock: Clock;
}

/** Archive policies are changed once in a year, and a metric keeps its own. */
const policiesAgeMs = 3_600_000;
/** Of a cycle's time; the rest is for sending what was read. */
const readingShare = 0.8;
/** Of so many devices at a time the measures are had: what Gnocchi gives in one request of each type. */
const devicesAtOnce = 1000;

/**
 * One cycle for one cloud: which devices show instances, what Gnocchi measured of these, the figures, to the portal. Whatever fails is
 * left out of it, and the rest goes on; what is not sent now comes first in the next cycle, with a newer figure.
 */
export class MetricPump {
  readonly #options: MetricPumpOptions;
  readonly #devices: DeviceSource;
  readonly #resources: ResourceMap;
  readonly #reader: MeasureReader;
  readonly #sent = new SentValues();
  #policiesLearntAt: number;

  constructor(options: MetricPumpOptions) {
    const { cloud, devices, clock } = options;
    this.#options = options;
    this.#devices = devices;
    this.#resources = new ResourceMap({ session: cloud, clock });
    this.#reader = new MeasureReader({ session: cloud, clock });
    this.#policiesLearntAt = clock.now();
  }

  /** @param deadline when the cycle ends, done or not; ms since 1970 */
  async runCycle(deadline: number, signal?: AbortSignal): Promise<CycleReport> {
    const { clock, traffic, intervalMs, ttlMs } = this.#options;
    const startedAt = clock.now();
    const requestsBefore = traffic.totals();
    const failures: CycleReport['failures'][number][] = [];
    const stopwatch = new Stopwatch();
    using sending = new TimeLimit('sending', deadline - startedAt, signal);
    using reading = new TimeLimit('reading', (deadline - startedAt) * readingShare, signal);

    await stopwatch.time('devices', async () => {
      if (this.#devices.isDue) await attempt('devices', () => this.#refreshDevices(reading.signal));
    });
    const { devices } = this.#devices;
    this.#sent.keepOnly(new Set(devices.map(({ id }) => id)));
    this.#reader.keepOnly(
      new Set(devices.flatMap((device) => this.#resources.of(device) ?? []).map(({ id }) => id)),
    );
    await stopwatch.time('resources', async () => {
      this.#resources.want(devices.map(({ instanceId }) => instanceId));
      if (this.#resources.isDue) await attempt('resources', () => this.#resources.refresh(reading.signal));
    });
    const unknown = new UnknownCount();
    const known: Value[] = [];
    const unread: ReadFailure[] = [];
    await stopwatch.time('read', async () => {
      this.#beginReading();
      for (const some of samplesOf(devices)) {
        const read = await this.#read(some, reading.signal);
        signal?.throwIfAborted();
        unread.push(...read.failures);
        known.push(...this.#values(some, read, unknown));
      }
    });
    failures.push(...together(unread));
    const now = clock.now();
    const due = this.#sent.due(known, { now, ttlMs, intervalMs });
    const changed = new Set(due);
    for (const value of known) if (!changed.has(value)) this.#sent.noteUnchanged(value);
    const delivery = await stopwatch.time('send', () => this.#send(due, deadline, sending.signal));
    signal?.throwIfAborted();
    const deliveredSince = now - longestSilenceMs - 2 * intervalMs;
    const delivered = known.filter((value) => this.#sent.isDelivered(value, deliveredSince)).length;
    if (delivery.hasForgotten) this.#sent.forgetSent(clock.now());
    return {
      startedAt,
      ms: stopwatch.ms,
      instances: devices.length,
      otherDevices: this.#devices.othersCount,
      watchedProjects: this.#resources.watchedProjects.length,
      known: known.length,
      kept: known.length - due.length,
      unknown: unknown.all,
      due: known.length + unknown.missing,
      delivered,
      ages: agesOf(known, now),
      delivery,
      failures,
      requests: traffic.since(requestsBefore),
    };

    async function attempt(what: 'devices' | 'resources', work: () => Promise<void>): Promise<void> {
      try {
        await work();
      } catch (error) {
        signal?.throwIfAborted();
        failures.push({ what, error });
      }
    }
  }

  /**
   * An unknown list is not an empty one: until the first list is read, a cycle fails instead of reporting
   * nothing to do.
   */
  async #refreshDevices(signal: AbortSignal): Promise<void> {
    try {
      await this.#devices.refresh(signal);
    } catch (error) {
      if (this.#devices.isRead) throw error;
      throw new ServiceError(`Waiting for the portal's list of devices: ${explain(error)}`, {
        severity: severityOf(error),
        hint: 'No figures are sent until it is read. Look why the portal takes so long; the next cycle goes on with it.',
        cause: error,
      });
    }
  }

  #beginReading(): void {
    this.#reader.beginCycle();
    const now = this.#options.clock.now();
    if (ageOf(this.#policiesLearntAt, now) < policiesAgeMs) return;
    this.#reader.forget();
    this.#policiesLearntAt = now;
  }

  async #read(devices: readonly InstanceDevice[], signal: AbortSignal | undefined): Promise<Reading> {
    // When several devices show one instance, its resources are read once.
    const resources = [
      ...new Map(
        devices
          .flatMap((device) => this.#resources.of(device) ?? [])
          .map((resource) => [resource.id, resource]),
      ).values(),
    ];
    const readings = await Promise.all(
      [...metersByType.keys()].map((type) =>
        this.#reader.read(
          type,
          resources.filter((resource) => resource.type === type),
          signal,
        ),
      ),
    );
    return {
      series: new Map(readings.flatMap(({ series }) => [...series])),
      failures: readings.flatMap(({ failures }) => failures),
    };
  }

  #values(devices: readonly InstanceDevice[], { series }: Reading, unknown: UnknownCount): Value[] {
    const values: Value[] = [];
    const measured = ({ id, type }: InstanceResource): MeasuredResource => ({
      id,
      type,
      series: series.get(id) ?? new Map(),
    });
    const { cpuPerVcpu } = this.#options;
    for (const device of devices) {
      const { id: deviceId, instanceId, isRunning } = device;
      const resources = this.#resources.of(device);
      const settings = {
        cpuPerVcpu,
        coveredUntil: (definition: Definition) => this.#sent.coveredUntil(deviceId, definition),
      };
      for (const figure of figuresOf(resources?.map(measured), this.#sizeOf(device, resources), settings)) {
        if (figure.kind === 'known')
          values.push({ deviceId, definition: figure.definition, value: figure.value, at: figure.at });
        else unknown.add(this.#reason(figure.because, { instanceId, isRunning }), instanceId, figure.detail);
      }
    }
    return values;
  }

  #sizeOf({ size }: InstanceDevice, resources: readonly InstanceResource[] | undefined): Size {
    const flavorId = resources?.find((resource) => resource.flavorId !== null)?.flavorId;
    return (flavorId && this.#devices.sizeOf(flavorId)) || size;
  }

  #reason(
    because: Unknown,
    { instanceId, isRunning }: Pick<InstanceDevice, 'instanceId' | 'isRunning'>,
  ): WhyUnknown {
    const isMissing = because === 'no-resource' || because === 'no-metric';
    if (isMissing && this.#resources.isAwaited(instanceId)) return 'awaited';
    const isSilent = because === 'no-measures' || because === 'late';
    return isSilent && !isRunning ? 'not-running' : because;
  }

  async #send(
    values: readonly Value[],
    deadline: number,
    signal: AbortSignal | undefined,
  ): Promise<Delivery> {
    const { reporting, ttlMs, names, clock } = this.#options;
    using pace = this.#options.pace.join();
    return await sendValues(values, {
      reporting,
      names,
      ttlS: Math.max(1, Math.round(ttlMs / 1000)),
      pace,
      clock,
      deadline,
      onSent: (value) => this.#sent.note(value, clock.now()),
      wasTaken: (deviceId) => this.#sent.has(deviceId),
      signal,
    });
  }
}

/** What failed alike in several parts is one failure. */
function together(failures: readonly ReadFailure[]): ReadFailure[] {
  const alike = Map.groupBy(failures, ({ type, error }) => `${type} ${explain(error)}`);
  return [...alike.values()].map((some) => ({
    ...(some[0] as ReadFailure),
    resources: some.reduce((sum, { resources }) => sum + resources, 0),
  }));
}

/** In parts, each of devices from the whole list: what the first tells of how Gnocchi keeps its measures holds for most. */
function samplesOf(devices: readonly InstanceDevice[]): Iterable<readonly InstanceDevice[]> {
  const parts = Math.ceil(devices.length / devicesAtOnce);
  return Map.groupBy(devices, (_, index) => index % parts).values();
}

/** How old the figures' newest measures are, ms; undefined: there are no figures. */
function agesOf(known: readonly Value[], now: number): CycleReport['ages'] {
  const ages = known.map(({ at }) => Math.max(0, now - at)).sort((a, b) => a - b);
  const oldestMs = ages.at(-1);
  return oldestMs === undefined ? undefined : { medianMs: ages[ages.length >> 1] ?? oldestMs, oldestMs };
}

/** Times the phases of a cycle. */
class Stopwatch {
  readonly ms = { devices: 0, resources: 0, read: 0, send: 0 };

  async time<T>(phase: keyof Stopwatch['ms'], work: () => Promise<T>): Promise<T> {
    const elapsed = startStopwatch();
    try {
      return await work();
    } finally {
      this.ms[phase] += elapsed();
    }
  }
}
