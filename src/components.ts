import { join } from 'node:path';
import type { Config } from './config/config.ts';

/** The parts that run by themselves: each alone in a process, or several in one. */
export const componentNames = ['updates_bulk', 'updates_mq', 'metrics', 'api'] as const;
/** A part that runs by itself. */
export type ComponentName = (typeof componentNames)[number];

/**
 * What the Python services called their processes, up to portal 1.1 and since 1.2. Of two names of one component the
 * process that comes second stands by. What `billing` did has no process of its own here.
 */
export const earlierNames: Readonly<Record<string, ComponentName | 'billing'>> = {
  api_server: 'api',
  fe_updates: 'updates_bulk',
  view_sync: 'updates_bulk',
  view_queue: 'updates_mq',
  fe_metrics: 'metrics',
  billing: 'billing',
};

/** Whether it keeps the portal in step with the cloud. */
export function isUpdates(name: ComponentName): name is 'updates_bulk' | 'updates_mq' {
  return name === 'updates_bulk' || name === 'updates_mq';
}

/** All components that this configuration has work for. */
export function componentsFor({ clouds }: Config): ComponentName[] {
  const isAnnounced = clouds.some(({ rmq }) => rmq !== undefined);
  return componentNames.filter((name) => name !== 'updates_mq' || isAnnounced);
}

/**
 * Name of a log file, by the name under which a component was started: two processes of one component have their own.
 * That of the API server is always as the first version had it.
 */
export function logFileOf(startedAs: string): string {
  return startedAs === 'api' ? 'api_server.log' : `${startedAs}.log`;
}

/**
 * Where a process serves its own metrics: by its first component, so that processes of one machine share a
 * configuration. `updates_bulk`, and with it a process that runs all, has the configured port, the others those above.
 * A second process of a component, such as one that stands by, has the port four higher.
 */
export function observabilityPorts(port: number, first: ComponentName): { usual: number; standBy: number } {
  if (port === 0) return { usual: 0, standBy: 0 };
  const usual = port + componentNames.indexOf(first);
  return { usual, standBy: usual + componentNames.length };
}

/** Where the components of this machine tell how they fare. */
export function healthFolder(dataDir: string): string {
  return join(dataDir, 'health');
}
