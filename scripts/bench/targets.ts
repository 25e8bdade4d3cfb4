import type { Figure } from './figure.ts';
import { brief } from './table.ts';

/** One line of the table of targets, judged by the figures. */
export interface Target {
  readonly what: string;
  readonly wanted: string;
  readonly reached: string;
  /** undefined: not measured. */
  readonly isMet: boolean | undefined;
}

/** At most, or at least, so much of one value. */
interface Limit {
  readonly value: string;
  readonly most?: number;
  readonly least?: number;
  readonly unit: string;
}

interface Wanted {
  readonly what: string;
  readonly figure: string;
  readonly servers: number;
  readonly latencyMs: number;
  readonly limits: readonly Limit[];
}

const requests: Limit = { value: 'openStackRequests', most: 10, unit: 'OpenStack requests' };
const portalRequests: Limit = { value: 'requests concertim', most: 4, unit: 'Concertim requests' };
const size2000 = { servers: 2_000, latencyMs: 20 };

const wanted: readonly Wanted[] = [
  {
    what: 'idle run, 2,000 servers in 500 stacks, 20 ms',
    figure: 'run/idle',
    ...size2000,
    limits: [requests, portalRequests, { value: 'seconds', most: 1.5, unit: 's' }],
  },
  {
    what: 'the same right after a restart, start-up included',
    figure: 'run/restart',
    ...size2000,
    limits: [requests, portalRequests, { value: 'seconds', most: 2.5, unit: 's' }],
  },
  {
    what: 'cold, the same size',
    figure: 'run/cold',
    ...size2000,
    limits: [
      { value: 'seconds', most: 60, unit: 's' },
      { value: 'requests heat', most: 1_002, unit: 'Heat requests' },
    ],
  },
  {
    what: 'idle run, 50,000 servers in 12,500 stacks, 0 ms',
    figure: 'run/idle',
    servers: 50_000,
    latencyMs: 0,
    limits: [
      { value: 'openStackRequests', most: 120, unit: 'OpenStack requests' },
      { value: 'seconds', most: 15, unit: 's' },
      { value: 'peakRssMb', most: 600, unit: 'MB' },
    ],
  },
  {
    what: 'the same where notifications are heard, in all but every fourth run',
    figure: 'heard run/changed',
    servers: 50_000,
    latencyMs: 0,
    limits: [
      requests,
      { value: 'seconds', most: 1, unit: 's' },
      { value: 'peakRssMb', most: 400, unit: 'MB' },
    ],
  },
  {
    what: '`plan`, 10,000 servers in step',
    figure: 'plan',
    servers: 10_000,
    latencyMs: 0,
    limits: [{ value: 'ms', most: 50, unit: 'ms' }],
  },
  {
    what: 'event → PATCH, one at a time, 0 ms',
    figure: 'events/single',
    servers: 2_000,
    latencyMs: 0,
    limits: [
      { value: 'p50 ms', most: 15, unit: 'ms p50' },
      { value: 'p99 ms', most: 100, unit: 'ms p99' },
    ],
  },
  {
    what: 'metrics, 2,000 instances, 0 ms',
    figure: 'metrics',
    servers: 2_000,
    latencyMs: 0,
    limits: [
      { value: 'requests gnocchi', most: 12, unit: 'Gnocchi requests' },
      { value: 'seconds', most: 3, unit: 's' },
    ],
  },
  {
    what: 'metrics, 2,000 instances and 10,000 PUTs, 20 ms',
    figure: 'metrics',
    ...size2000,
    limits: [{ value: 'seconds', most: 15, unit: 's' }],
  },
  ...[8, 32, 64].map((atOnce) => ({
    what: `sending figures, ${atOnce} at once, beside a bare loop`,
    figure: `sending/${atOnce} at once`,
    servers: 0,
    latencyMs: 0,
    limits: [{ value: 'share', least: 0.7, unit: 'of the bare loop' }],
  })),
  {
    what: '`POST /update_status`, 500 a second, cloud of 20 ms',
    figure: 'api/update_status, 500 a second',
    ...size2000,
    limits: [
      { value: 'answers /s', least: 495, unit: 'answers/s' },
      { value: 'p99 ms', most: 150, unit: 'ms p99' },
      { value: 'refused', most: 0, unit: 'refused' },
    ],
  },
  {
    what: 'calls of all kinds, 100 a second, cloud of 20 ms',
    figure: 'api/mixed, 100 a second',
    ...size2000,
    limits: [
      { value: 'answers /s', least: 99, unit: 'answers/s' },
      { value: 'refused', most: 0, unit: 'refused' },
    ],
  },
  {
    what: 'memory, all four components in one process, 10,000 servers',
    figure: 'memory of all components',
    servers: 10_000,
    latencyMs: 0,
    limits: [{ value: 'peakRssMb', most: 300, unit: 'MB' }],
  },
  {
    what: 'start-up, exec to first request',
    figure: 'start-up',
    servers: 40,
    latencyMs: 0,
    limits: [{ value: 'first request ms', most: 400, unit: 'ms' }],
  },
  {
    what: 'the same in an image',
    figure: 'start-up/image',
    servers: 40,
    latencyMs: 0,
    limits: [{ value: 'first request ms', most: 200, unit: 'ms' }],
  },
];

/** What grows with the size of the cloud, and may grow no faster. */
const growing = [
  { name: 'run/cold', values: ['cpuSeconds', 'openStackRequests', 'requests concertim'] },
  { name: 'run/idle', values: ['cpuSeconds', 'openStackRequests'] },
];
const steepest = 1.1;

/** Every target with what was reached. */
export function judged(figures: readonly Figure[]): Target[] {
  return [
    ...wanted.map((target) => judge(target, figures)),
    ...growing.flatMap((one) => growth(one, figures)),
  ];
}

function judge(
  { what, figure: name, servers, latencyMs, limits }: Wanted,
  figures: readonly Figure[],
): Target {
  const figure = figures.find(
    (one) => one.name === name && one.servers === servers && one.latencyMs === latencyMs,
  );
  const bound = ({ most, least, unit }: Limit) =>
    most === undefined ? `≥ ${brief(least ?? 0)} ${unit}` : `≤ ${brief(most)} ${unit}`;
  const is = ({ value, unit }: Limit) => `${brief(medianOf(figure, value))} ${unit}`;
  return {
    what,
    wanted: limits.map(bound).join(', '),
    reached: figure ? limits.map(is).join(', ') : 'not measured',
    isMet:
      figure &&
      limits.every(({ value, most = Number.POSITIVE_INFINITY, least = 0 }) => {
        const reached = medianOf(figure, value);
        return reached <= most && reached >= least;
      }),
  };
}

function growth({ name, values }: (typeof growing)[number], figures: readonly Figure[]): Target[] {
  const sizes = figures.filter((figure) => figure.name === name && figure.latencyMs === 0);
  return values.map((value) => {
    const points = sizes.map((figure) => [figure.servers, medianOf(figure, value)] as const);
    const slope = points.length < 2 ? undefined : logLogSlope(points);
    return {
      what: `growth of ${value} with the servers, ${name}`,
      wanted: `≤ ${steepest}`,
      reached: slope === undefined ? 'not measured' : slope.toFixed(2),
      isMet: slope === undefined ? undefined : slope <= steepest,
    };
  });
}

/** How a value grows: 1 is in proportion, 2 with the square. Least squares over the logarithms. */
export function logLogSlope(points: readonly (readonly [number, number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (at: 0 | 1) => logs.reduce((sum, point) => sum + point[at], 0) / logs.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const covariance = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return covariance / logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}

function medianOf(figure: Figure | undefined, value: string): number {
  return figure?.values[value]?.median ?? 0;
}
