import { componentsFor } from './components.ts';
import type { Config } from './config/config.ts';
import { loadConfig } from './config/load.ts';
import { Service, type ServiceOptions } from './service.ts';

/** What a service is made from. */
export interface CreateServiceOptions extends Omit<ServiceOptions, 'config' | 'components'> {
  /** A configuration, or the path of its file. Default: where the command line looks for it. */
  readonly config?: Config | string;
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
  const config = typeof given === 'object' ? given : loadConfig({ file: given });
  return new Service({ ...rest, config, components: components ?? componentsFor(config) });
}
