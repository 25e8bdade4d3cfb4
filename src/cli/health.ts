import { healthFolder } from '../components.ts';
import { loadConfig } from '../config/load.ts';
import { ConfigError } from '../config/problems.ts';
import { describeHealth, readHealth } from '../observability/sign.ts';
import { isoTime, systemClock } from '../runtime/clock.ts';
import { printable } from '../runtime/printable.ts';
import { describePause, WritePause } from '../runtime/write-pause.ts';
import { componentsNamed } from './component-names.ts';
import { jsonText } from './json-text.ts';

export interface HealthCommandOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** `health`: whether components that run on this machine do their work. @returns 0: all of them; 1: not all */
export async function health(names: readonly string[], options: HealthCommandOptions): Promise<number> {
  const config = loadConfig({ file: options.config });
  if (config.dataDir === undefined) {
    throw new ConfigError([
      'The components report their health in data_dir, and none is configured. Set data_dir, for the service and for this command.',
    ]);
  }
  const folder = healthFolder(config.dataDir);
  const found = await Promise.all(
    componentsNamed(names, config).map(({ component }) => readHealth(folder, component, systemClock.now())),
  );
  const components = found.flat();
  const paused = await new WritePause({ dataDir: config.dataDir, clock: systemClock }).look();
  const isWell = components.every(({ ready }) => ready);
  if (options.json) {
    const pause = paused ? { since: isoTime(paused.since), reason: paused.reason ?? null } : null;
    console.log(jsonText({ ready: isWell, components, paused: pause }));
    return isWell ? 0 : 1;
  }
  for (const component of components) console.log(printable(describeHealth(component)));
  if (paused) console.log(printable(`Writing to the portal is ${describePause(paused)}.`));
  return isWell ? 0 : 1;
}
