import type { ComponentName } from '../../src/components.ts';
import { figureIn } from './scrape.ts';

/** What a process does: updates_bulk and updates_mq are both able to write, and which of them does may change. */
export const roleNames = ['writer', 'standby', 'metrics', 'api'] as const;

export type Role = (typeof roleNames)[number];

/** The role of each component, by their scrapes: as before, while the right to write passes from one to the other. */
export function rolesIn(
  scrapes: Readonly<Record<ComponentName, string>>,
  before?: Readonly<Record<ComponentName, Role>>,
): Readonly<Record<ComponentName, Role>> {
  const writes = (name: ComponentName) => figureIn(scrapes[name], 'writer') === 1;
  if (before && writes('updates_bulk') === writes('updates_mq')) return before;
  const others = { metrics: 'metrics', api: 'api' } as const;
  return writes('updates_mq')
    ? { updates_bulk: 'standby', updates_mq: 'writer', ...others }
    : { updates_bulk: 'writer', updates_mq: 'standby', ...others };
}
