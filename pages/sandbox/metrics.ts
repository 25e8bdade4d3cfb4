import { signal } from '@preact/signals';
import type { Figures } from '../../src/sandbox/view/wire.ts';
import { most } from './portal.ts';

export interface Metric {
  /** As the portal knows it. */
  readonly name: string;
  readonly label: string;
  readonly units: '%' | 'B/s' | 'Ops/s';
}

export const metrics: readonly Metric[] = [
  { name: 'os.instance.cpu_utilization', label: 'CPU', units: '%' },
  { name: 'os.instance.ram_usage', label: 'Memory', units: '%' },
  { name: 'os.net.avg_usage', label: 'Network', units: 'B/s' },
  { name: 'os.disk.avg_throughput', label: 'Disk', units: 'B/s' },
  { name: 'os.disk.avg_iops', label: 'Disk operations', units: 'Ops/s' },
];

/** What the bars show. */
export const chosen = signal<Metric>(metrics[0] as Metric);

export interface Reading {
  /** 0 to 1: of 100 %, or of the most that any device has. */
  readonly share: number;
  readonly text: string;
}

/** Statuses of devices that do not run: the daemon still keeps figures from before they stopped. */
const idle = new Set(['STOPPED', 'SUSPENDED']);

export function isIdle(status: string): boolean {
  return idle.has(status);
}

/** undefined: there is no figure. */
export function reading(figures: Figures | undefined, metric: Metric, status: string): Reading | undefined {
  if (isIdle(status)) return undefined;
  const value = figures?.[metric.name];
  const full = metric.units === '%' ? 100 : most.value[metric.name] || 1;
  if (value === undefined) return undefined;
  return { share: Math.min(1, Math.max(0, value / full)), text: amount(value, metric.units) };
}

/** `34 %`, `1.2 MB/s`, `310 Ops/s` */
export function amount(value: number, units: Metric['units']): string {
  if (units === '%') return `${Math.round(value)} %`;
  const prefixes = ['', 'k', 'M', 'G', 'T'];
  let scaled = value;
  let at = 0;
  for (; scaled >= 1_000 && at < prefixes.length - 1; at++) scaled /= 1_000;
  const digits = scaled < 10 && at > 0 ? scaled.toFixed(1) : Math.round(scaled);
  return units === 'B/s' ? `${digits} ${prefixes[at]}B/s` : `${digits}${prefixes[at]}/s`;
}
