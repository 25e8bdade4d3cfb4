import { type ComponentName, componentNames, componentsFor, earlierNames } from '../components.ts';
import type { Config } from '../config/config.ts';
import { UsageError } from './usage-error.ts';

/** What a component, or what has nothing to do here, was called on the command line. */
export interface Named {
  readonly startedAs: string;
  readonly component: ComponentName | 'billing';
}

/**
 * What is meant by these names: those of components, `all`, and those of the Python services. None: all that the
 * configuration has work for. A component is there once, under the first of its names.
 *
 * @throws {UsageError} there is no such component
 */
export function componentsNamed(names: readonly string[], config: Config): Named[] {
  const meant = (names.length > 0 ? names : ['all']).flatMap((name) => meaning(name, config));
  return [...new Map(meant.toReversed().map((named) => [named.component, named])).values()].toReversed();
}

function meaning(name: string, config: Config): Named[] {
  if (name === 'all') return componentsFor(config).map((component) => ({ startedAs: component, component }));
  const component =
    componentNames.find((known) => known === name) ??
    (Object.hasOwn(earlierNames, name) ? earlierNames[name] : undefined);
  if (component) return [{ startedAs: name, component }];
  throw new UsageError(`Unknown component "${name}".`, `Give one or more of: ${componentNames.join(', ')}.`);
}
