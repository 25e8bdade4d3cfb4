import { type CloudReport, type CycleReport, unknownTogether } from './cycle-report.ts';
import type { Delivery } from './send.ts';

/**
 * What a cycle did for several clouds together.
 *
 * @param requests sent in the cycle, by service
 */
export function sumOfClouds(clouds: readonly CloudReport[], requests: CycleReport['requests']): CycleReport {
  const reports = clouds.map(({ report }) => report);
  const sum = (of: (report: CycleReport) => number) => reports.reduce((total, each) => total + of(each), 0);
  const most = (of: (report: CycleReport) => number) => Math.max(0, ...reports.map(of));
  const [longest] = reports.map(({ ms }) => ms).sort((a, b) => wholeOf(b) - wholeOf(a));
  return {
    startedAt: Math.min(...reports.map(({ startedAt }) => startedAt)),
    ms: longest ?? { devices: 0, resources: 0, read: 0, send: 0 },
    instances: sum(({ instances }) => instances),
    // Each has the one list of the portal.
    otherDevices: most(({ otherDevices }) => otherDevices),
    watchedProjects: sum(({ watchedProjects }) => watchedProjects),
    known: sum(({ known }) => known),
    kept: sum(({ kept }) => kept),
    unknown: unknownTogether(reports.map(({ unknown }) => unknown)),
    due: sum(({ due }) => due),
    delivered: sum(({ delivered }) => delivered),
    ages: reports.some(({ ages }) => ages)
      ? {
          medianMs: most(({ ages }) => ages?.medianMs ?? 0),
          oldestMs: most(({ ages }) => ages?.oldestMs ?? 0),
        }
      : undefined,
    delivery: deliveries(reports.map(({ delivery }) => delivery)),
    failures: reports.flatMap(({ failures }) => failures),
    requests,
    clouds,
  };
}

function wholeOf(ms: CycleReport['ms']): number {
  return Object.values(ms).reduce((sum, phase) => sum + phase, 0);
}

function deliveries(all: readonly Delivery[]): Delivery {
  const stopped = all.find(({ stoppedBy }) => stoppedBy !== undefined);
  return {
    sent: all.reduce((sum, { sent }) => sum + sent, 0),
    unknownDevices: all.reduce((sum, { unknownDevices }) => sum + unknownDevices, 0),
    refused: all.flatMap(({ refused }) => refused),
    left: all.reduce((sum, { left }) => sum + left, 0),
    hasForgotten: all.some(({ hasForgotten }) => hasForgotten),
    ...(stopped && { stoppedBy: stopped.stoppedBy }),
  };
}
