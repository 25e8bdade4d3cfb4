import { type ComponentName, componentNames, componentsFor, earlierNames } from '../components.ts';
import type { Config } from '../config/config.ts';
import { UsageError } from './usage-error.ts';

/** A component, or `billing`, which has no work in this service, and the name that the command line had for it. */
export interface Named {
  readonly startedAs: string;
  readonly component: ComponentName | 'billing';
}

/**
 * The components with these names: a component's own name, `all`, or a name from the Python services. Without names: each
 * component that the configuration has work for. A component is listed once, with the first of its names.
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
