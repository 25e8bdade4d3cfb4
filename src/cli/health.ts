import { healthFolder } from '../components.ts';
import { loadConfig } from '../config/load.ts';
import { describeHealth, readHealth } from '../observability/sign.ts';
import { systemClock } from '../runtime/clock.ts';
import { printable } from '../runtime/printable.ts';
import { ServiceError } from '../runtime/severity.ts';
import { describePause, WritePause } from '../runtime/write-pause.ts';
import { componentsNamed } from './component-names.ts';

export interface HealthCommandOptions {
  readonly config?: string;
}

/** `health`: whether components that run on this machine do their work. @returns 0: all of them; 1: not all */
export async function health(names: readonly string[], options: HealthCommandOptions): Promise<number> {
  const config = loadConfig({ file: options.config });
  if (config.dataDir === undefined) {
    throw new ServiceError('Components tell how they fare in data_dir, and none is configured.', {
      severity: 'fatal',
      hint: 'Set data_dir, for the service and for this command.',
    });
  }
  const folder = healthFolder(config.dataDir);
  let isWell = true;
  for (const { component } of componentsNamed(names, config)) {
    for (const told of await readHealth(folder, component, systemClock.now())) {
      console.log(printable(describeHealth(told)));
      isWell &&= told.ready;
    }
  }
  const paused = await new WritePause({ dataDir: config.dataDir, clock: systemClock }).look();
  if (paused) console.log(printable(`Writing to the portal is ${describePause(paused)}.`));
  return isWell ? 0 : 1;
}
