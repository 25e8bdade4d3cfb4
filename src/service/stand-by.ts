import { join } from 'node:path';
import { healthFolder, logFileOf } from '../components.ts';
import type { Config } from '../config/config.ts';
import { Health } from '../observability/health.ts';
import { createLogger } from '../observability/logger.ts';
import { Systemd } from '../observability/systemd.ts';
import { VitalSigns } from '../observability/vital-signs.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';

export interface StandByOptions {
  readonly config: Config;
  readonly logFormat?: 'json' | 'pretty';
  readonly clock?: Clock;
}

/**
 * A process that has no work because other processes do it: it logs this once, reports healthy, and ends with the signal.
 * Deployments made for the Python service start such a process for `billing`.
 */
export async function standBy(
  name: string,
  { config, logFormat = 'json', clock = systemClock }: StandByOptions,
  signal: AbortSignal,
): Promise<void> {
  const { dataDir, logDir, logLevel, logRotation, systemd } = config;
  const log = createLogger({
    level: logLevel,
    format: logFormat,
    component: name,
    file: logDir && join(logDir, logFileOf(name)),
    rotation: logRotation,
  });
  const health = new Health({ component: name, clock });
  health.standsBy();
  const signs = new VitalSigns({
    read: () => [health.read()],
    folder: dataDir && healthFolder(dataDir),
    systemd: systemd && new Systemd(systemd, log),
    clock,
    log,
  });
  log.info('standby: the other components do this work, and this process can be left out');
  try {
    await signs.run(signal);
  } finally {
    await signs.end();
  }
}
