import { loadConfig } from '../config/load.ts';
import { ServiceError } from '../runtime/severity.ts';
import { type ComponentName, componentNames, componentsFor, Service } from '../service.ts';
import { stopSignal } from './stop-signal.ts';

export interface RunOptions {
  readonly config?: string;
  readonly once?: boolean;
  readonly allowDeletions?: boolean;
  readonly logFormat?: 'json' | 'pretty';
}

/** `run`: the components named, or all. @returns the exit code */
export async function run(names: readonly string[], options: RunOptions): Promise<number> {
  const named = names.map(componentNamed);
  const config = loadConfig({ file: options.config });
  const components = named.length > 0 ? named : componentsFor(config);
  for (const notice of config.notices) process.stderr.write(`${notice}\n`);
  await using service = new Service({
    config,
    components,
    ...(options.logFormat && { logFormat: options.logFormat }),
    allowDeletions: options.allowDeletions ?? false,
  });
  using stop = stopSignal();
  if (options.once) return (await service.runOnce(stop.signal)) ? 0 : 1;
  await service.run(stop.signal);
  return 0;
}

function componentNamed(name: string): ComponentName {
  const component = componentNames.find((known) => known === name);
  if (component) return component;
  throw new ServiceError(`There is no component "${name}".`, {
    severity: 'fatal',
    hint: `Give one or more of: ${componentNames.join(', ')}.`,
  });
}
