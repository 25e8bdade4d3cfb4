import { batch, type Signal, signal } from '@preact/signals';
import type { ChangeView, DeviceView, Figures, RackView, UserView } from '../../src/sandbox/view/wire.ts';

/** A rack and what stands in it, as it is drawn: another object whenever anything of it has changed. */
export interface RackContents {
  readonly rack: RackView;
  /** From the top down. */
  readonly devices: readonly DeviceView[];
}

/** How long a change is pointed at, ms. */
const freshMs = 1_600;

const users = new Map<number, UserView>();
const racks = new Map<number, Signal<RackContents>>();
const devices = new Map<number, DeviceView>();
const devicesOfRack = new Map<number, Map<number, DeviceView>>();
/** By device: another object whenever one of them has changed. */
export const figures = new Map<number, Figures>();
/** Devices whose status has changed just now. */
export const fresh = new Set<number>();

/** Ids of racks, those of a user together, the users in the order in which they came. */
export const order = signal<readonly { readonly user: UserView; readonly racks: readonly number[] }[]>([]);
/** Users who have a project in the cloud. */
export const owners = signal<readonly UserView[]>([]);
/** How many devices have which status. */
export const counts = signal<Readonly<Record<string, number>>>({});
/** By metric the most that any device has. */
export const most = signal<Readonly<Record<string, number>>>({});

export function rackContents(id: number): RackContents | undefined {
  return racks.get(id)?.value;
}

/** In units; `order` is another whenever one changes. */
export function heightOf(rackId: number): number {
  return racks.get(rackId)?.peek().rack.height ?? 0;
}

export function device(id: number): DeviceView | undefined {
  return devices.get(id);
}

export function deviceOfServer(serverId: string): DeviceView | undefined {
  for (const each of devices.values()) if (each.serverId === serverId) return each;
  return undefined;
}

export function rackOfStack(stackId: string): RackView | undefined {
  for (const { value } of racks.values()) if (value.rack.stackId === stackId) return value.rack;
  return undefined;
}

/** Takes over what has come, changed and gone. */
export function changePortal(change: ChangeView): void {
  const touched = new Set<number>();
  const changed: number[] = [];
  for (const user of change.users) users.set(user.id, user);
  for (const id of change.gone.users) users.delete(id);
  for (const id of change.gone.devices) {
    const gone = devices.get(id);
    if (gone) leaveRack(gone, touched);
    devices.delete(id);
    figures.delete(id);
  }
  for (const each of change.devices) {
    const before = devices.get(each.id);
    if (before) leaveRack(before, touched);
    if (before?.status !== each.status) changed.push(each.id);
    devices.set(each.id, each);
    let inRack = devicesOfRack.get(each.rackId);
    if (!inRack) devicesOfRack.set(each.rackId, (inRack = new Map()));
    inRack.set(each.id, each);
    touched.add(each.rackId);
  }
  for (const [id, values] of change.figures) {
    figures.set(id, values);
    const rackId = devices.get(id)?.rackId;
    if (rackId !== undefined) touched.add(rackId);
  }
  batch(() => {
    if (change.users.length + change.gone.users.length > 0)
      owners.value = [...users.values()].filter(({ projectId }) => projectId !== null);
    changeRacks(change, touched);
    if (change.devices.length + change.gone.devices.length > 0) counts.value = countStatuses();
    if (change.figures.length > 0) most.value = findMost();
  });
  if (changed.length > 0 && changed.length < 200) point(changed);
}

/** Forgets everything; the next full state fills it again. */
export function clearPortal(): void {
  for (const map of [users, racks, devices, devicesOfRack, figures]) map.clear();
}

function changeRacks(change: ChangeView, touched: Set<number>): void {
  let isOrderChanged = change.users.length + change.gone.users.length + change.gone.racks.length > 0;
  for (const id of change.gone.racks) {
    racks.delete(id);
    devicesOfRack.delete(id);
    touched.delete(id);
  }
  for (const rack of change.racks) {
    touched.delete(rack.id);
    const contents = { rack, devices: sorted(rack.id) };
    const known = racks.get(rack.id);
    if (known) {
      isOrderChanged ||= known.peek().rack.height !== rack.height;
      known.value = contents;
    } else {
      racks.set(rack.id, signal(contents));
      isOrderChanged = true;
    }
  }
  for (const id of touched) {
    const known = racks.get(id);
    if (known) known.value = { rack: known.peek().rack, devices: sorted(id) };
  }
  if (isOrderChanged) order.value = ordered();
}

function leaveRack({ id, rackId }: DeviceView, touched: Set<number>): void {
  devicesOfRack.get(rackId)?.delete(id);
  touched.add(rackId);
}

function sorted(rackId: number): DeviceView[] {
  return [...(devicesOfRack.get(rackId)?.values() ?? [])].sort((a, b) => b.startU - a.startU);
}

function ordered() {
  const ofUser = Map.groupBy([...racks.values()], (each) => each.peek().rack.userId);
  return [...users.values()].flatMap((user) => {
    const own = (ofUser.get(user.id) ?? []).map((each) => each.peek().rack.id).sort((a, b) => a - b);
    return own.length > 0 ? [{ user, racks: own }] : [];
  });
}

function countStatuses(): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { status } of devices.values()) found[status] = (found[status] ?? 0) + 1;
  return found;
}

function findMost(): Record<string, number> {
  const found: Record<string, number> = {};
  for (const values of figures.values()) {
    for (const [name, value] of Object.entries(values)) found[name] = Math.max(found[name] ?? 0, value);
  }
  return found;
}

/** Points at what has changed, for a moment. */
function point(ids: readonly number[]): void {
  for (const id of ids) fresh.add(id);
  setTimeout(() => {
    for (const id of ids) fresh.delete(id);
  }, freshMs);
}
