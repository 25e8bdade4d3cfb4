import { componentsFor } from './components.ts';
import type { Config } from './config/config.ts';
import type { ConfigValues } from './config/config-values.ts';
import { configFromValues, loadConfig } from './config/load.ts';
import { Service, type ServiceOptions } from './service.ts';

/** What a service is made from. */
export interface CreateServiceOptions extends Omit<ServiceOptions, 'config' | 'components'> {
  /** What config.yaml would say, as a value; or what `loadConfig` has read; or the path of a file. */
  readonly config?: ConfigValues | Config | string;
  /** The path of a configuration file. Default, without `config`: where the command line looks for it. */
  readonly configFile?: string;
  /** Default: all that the configuration has work for. */
  readonly components?: ServiceOptions['components'];
}

/**
 * The service, as the command line runs it, for a program that runs it itself or gives it a mapping of its own. Nothing
 * is read from the cloud or the portal, and nothing sent, before one of its methods is called.
 *
 * @throws {ConfigError} with everything that is wrong with the configuration
 */
export function createService(options: CreateServiceOptions = {}): Service {
  const { config: given, components, ...rest } = options;
  const config = configOf(given, options.configFile);
  const configFile = typeof given === 'string' ? given : options.configFile;
  return new Service({
    ...rest,
    ...(configFile !== undefined && { configFile }),
    config,
    components: components ?? componentsFor(config),
  });
}

function configOf(given: CreateServiceOptions['config'], file: string | undefined): Config {
  if (given === undefined || typeof given === 'string') return loadConfig({ file: given ?? file });
  return isLoaded(given) ? given : configFromValues(given);
}

/** What was read already has what no file can say. */
function isLoaded(config: Config | ConfigValues): config is Config {
  return Object.hasOwn(config, 'notices');
}
