import type { Config } from '../config/config.ts';
import type { Mapping } from '../plan/mapping.ts';

/** Shows nothing of the cloud: a run with it removes all that the service has made in the portal, and nothing else. */
export const showNothing: Mapping = {
  includesStack: () => false,
  includesServer: () => false,
  includesFlavor: () => false,
};

/** The configuration for such a run. */
export function configToShowNothing(config: Config): Config {
  return { ...config, updates: { ...config.updates, standaloneServers: 'ignore' } };
}
