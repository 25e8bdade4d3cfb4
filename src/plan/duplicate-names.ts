import type { PortalSnapshot } from '../concertim/model.ts';
import type { Change } from './change.ts';
import {
  chooseName,
  deviceNames,
  type NameRules,
  nameCandidates,
  rackNames,
  templateNames,
} from './names.ts';
import type { Scope } from './observation.ts';
import { isOwnTemplate, keyOfSource, objectOfDevice, sourceOfRack } from './ownership.ts';
import { indexPortal } from './portal-index.ts';
import { because } from './reason.ts';

/**
 * The portal wants names to be unique and has no index that makes them so: of creations that race it lets several
 * through, and from then on refuses to change any of them, a rack's devices included, until one is renamed. That one is
 * ours, and of two of ours the younger. A matter for full runs.
 *
 * @returns the changes, and the portal as they leave it
 */
export function renameDuplicates(
  portal: PortalSnapshot,
  scope: Scope,
): { changes: Change[]; portal: PortalSnapshot } {
  if (scope.kind !== 'all') return { changes: [], portal };
  const reason = because('name-duplicate');
  const changes: Change[] = [];
  const racksOfOwner = Map.groupBy(portal.racks, ({ ownerId }) => ownerId);
  const racks = newNames(racksOfOwner.values(), {
    ownId: (rack) => {
      const source = sourceOfRack(rack);
      return source && keyOfSource(source);
    },
    rules: rackNames,
  });
  for (const [rack, name] of racks) changes.push({ kind: 'update-rack', rack, patch: { name }, ...reason });

  const devices = newNames(indexPortal(portal).devicesOfRack.values(), {
    ownId: objectOfDevice,
    rules: deviceNames(portal.profile),
  });
  for (const [device, name] of devices)
    changes.push({ kind: 'update-device', device, patch: { name }, ...reason });

  const templates = newNames([portal.templates], {
    ownId: (template) => (isOwnTemplate(template) ? template.foreignId : undefined),
    rules: templateNames,
  });
  for (const [template, name] of templates) {
    changes.push({ kind: 'update-template', template, patch: { name }, ...reason });
  }
  if (changes.length === 0) return { changes, portal };
  return {
    changes,
    portal: {
      ...portal,
      racks: withNames(portal.racks, racks),
      devices: withNames(portal.devices, devices),
      templates: withNames(portal.templates, templates),
    },
  };
}

function newNames<T extends { readonly name: string }>(
  /** Each of those whose names must differ. */
  groups: Iterable<readonly T[]>,
  options: {
    /** undefined: not ours. */
    readonly ownId: (item: T) => string | undefined;
    readonly rules: NameRules;
  },
): Map<T, string> {
  const { ownId, rules } = options;
  const renamed = new Map<T, string>();
  for (const siblings of groups) {
    const taken = new Set(siblings.map(({ name }) => name));
    if (taken.size === siblings.length) continue;
    const rightful = new Set<string>();
    const foreignFirst = siblings.toSorted(
      (a, b) => Number(ownId(a) !== undefined) - Number(ownId(b) !== undefined),
    );
    for (const item of foreignFirst) {
      const id = ownId(item);
      if (id !== undefined && rightful.has(item.name)) {
        const name = chooseName(nameCandidates(item.name, id, rules), taken);
        taken.add(name);
        renamed.set(item, name);
      }
      rightful.add(item.name);
    }
  }
  return renamed;
}

function withNames<T>(items: readonly T[], names: ReadonlyMap<T, string>): T[] {
  return items.map((item) => {
    const name = names.get(item);
    return name === undefined ? item : { ...item, name };
  });
}
