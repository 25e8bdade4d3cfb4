import { computed, signal } from '@preact/signals';
import type { DeviceView, RackView, UserView } from '../../src/sandbox/view/wire.ts';
import { order, rackContents } from './portal.ts';
import { type Selection, selected } from './selection.ts';

/** Which devices are shown, and with them their racks. */
export interface Filter {
  /** Each of its words stands in a name, template, owner, kind or id. */
  readonly search: string;
  readonly status: string | undefined;
}

const everything: Filter = { search: '', status: undefined };

export const filter = signal<Filter>(everything);

export const isFiltered = computed(
  () => filter.value.search.trim() !== '' || filter.value.status !== undefined,
);

const words = computed(() => filter.value.search.toLowerCase().split(/\s+/).filter(Boolean));

/** Whether the filter matches a device; without a device, whether it matches the rack's own status, name, stack id and owner. */
export function isShown(rack: RackView, device: DeviceView | undefined, login: string): boolean {
  const { status } = filter.value;
  if (status !== undefined && (device ?? rack).status !== status) return false;
  if (words.value.length === 0) return true;
  const { name = '', template = '', serverId = null, shows = '' } = device ?? {};
  const text = [name, template, serverId, shows, rack.name, rack.stackId, login].join(' ').toLowerCase();
  return words.value.every((word) => text.includes(word));
}

interface Found {
  readonly order: typeof order.value;
  /** Racks and devices that the filter leaves, from the first rack on. */
  readonly matches: readonly Selection[];
}

/** What the filter leaves: racks by owner, as `order` has them, each with a device that matches or matching itself. */
export const found = computed<Found>(() => {
  if (!isFiltered.value) return { order: order.value, matches: [] };
  const matches: Selection[] = [];
  const left = order.value.flatMap(({ user, racks }) => {
    const own = racks.filter((id) => {
      const before = matches.length;
      addMatches(id, user, matches);
      return matches.length > before;
    });
    return own.length > 0 ? [{ user, racks: own }] : [];
  });
  return { order: left, matches };
});

function addMatches(rackId: number, { login }: UserView, matches: Selection[]): void {
  const contents = rackContents(rackId);
  if (!contents) return;
  const { rack, devices } = contents;
  const inRack = devices.filter((device) => isShown(rack, device, login));
  for (const { id } of inRack) matches.push({ kind: 'device', id });
  if (inRack.length === 0 && isShown(rack, undefined, login)) matches.push({ kind: 'rack', id: rackId });
}

/** Selects what may be hidden by the filter. */
export function reveal(selection: Selection): void {
  const isHidden = isFiltered.peek() && !found.peek().matches.some((match) => isSame(match, selection));
  if (isHidden) clearFilter();
  selected.value = selection;
}

function isSame(one: Selection, other: Selection): boolean {
  return one.kind === other.kind && one.id === other.id;
}

export function clearFilter(): void {
  filter.value = everything;
}
