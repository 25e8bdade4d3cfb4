import { type ComponentName, componentNames, componentsFor } from '../components.ts';
import type { Config } from '../config/config.ts';
import { UsageError } from './usage-error.ts';

/**
 * The components that are meant: those named, or all that the configuration has work for, which `all` means too. The
 * first version called the API server `api_server`.
 *
 * @throws {UsageError} there is no such component
 */
export function componentsNamed(names: readonly string[], config: Config): ComponentName[] {
  return [
    ...new Set(names.length > 0 ? names.flatMap((name) => meant(name, config)) : componentsFor(config)),
  ];
}

function meant(name: string, config: Config): ComponentName[] {
  if (name === 'all') return componentsFor(config);
  const component = componentNames.find((known) => known === (name === 'api_server' ? 'api' : name));
  if (component) return [component];
  throw new UsageError(`Unknown component "${name}".`, `Give one or more of: ${componentNames.join(', ')}.`);
}
