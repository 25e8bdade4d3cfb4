import { stringify } from 'yaml';
import { metersByType } from '../src/metrics/definitions.ts';

/** What has the cloud measure often enough for figures that seem live; docs/telemetry.md says how to use it. */

const pollingSeconds = 10;
const policy = {
  name: 'concertim_policy',
  method: 'mean',
  /** Grain and how long it is kept. */
  grains: [
    ['1s', '1h'],
    ['60s', '12h'],
    ['1h', '30d'],
  ],
} as const;
const meters = [...metersByType.values()].flat();

const head = (about: string) => `# Written by \`npm run docs\`. ${about}\n`;

/** Ceilometer's polling of the compute hosts. */
export function renderPolling(): string {
  const about = `For /etc/ceilometer/polling.yaml of each compute host.
# Keep the other sources that are there, and take these meters out of them: else they are sampled twice.`;
  const sources = [{ name: 'concertim_pollsters', interval: pollingSeconds, meters }];
  return head(about) + stringify({ sources });
}

/** Ceilometer's way from samples to Gnocchi. */
export function renderPipeline(): string {
  const about = 'For /etc/ceilometer/pipeline.yaml of the host with ceilometer-agent-notification.';
  const others = ['*', ...meters.map((meter) => `!${meter}`)];
  return (
    head(about) +
    stringify({
      sources: [
        { name: 'concertim_source', meters, sinks: ['concertim_sink'] },
        { name: 'meter_source', meters: others, sinks: ['meter_sink'] },
      ],
      sinks: [
        { name: 'concertim_sink', publishers: [`gnocchi://?archive_policy=${policy.name}`] },
        { name: 'meter_sink', publishers: ['gnocchi://'] },
      ],
    })
  );
}

/** A script that makes the archive policy. */
export function renderArchivePolicy(): string {
  const definitions = policy.grains.map(
    ([granularity, timespan]) => `  -d granularity:${granularity},timespan:${timespan} \\\n`,
  );
  return `#!/bin/sh
${head("Makes the archive policy, with the credentials of the cloud's administrator in the environment.")}set -eu
gnocchi archive-policy create \\
${definitions.join('')}  -m ${policy.method} ${policy.name}
`;
}
