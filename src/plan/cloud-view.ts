import type { Device, PortalSnapshot, Rack, Template, TemplateId } from '../concertim/model.ts';
import { unreachable } from '../runtime/unreachable.ts';
import type { Change, NewDevice, NewRackKey, Plan, RackRef, TemplateRef } from './change.ts';
import { withoutClaim } from './claims.ts';
import { isOwnTemplate } from './ownership.ts';
import type { Home, Homes } from './territory.ts';

/** Which of several clouds a view is for. The templates of the first are known by the ids of their flavors alone. */
export interface ViewedCloud {
  readonly name: string;
  readonly isFirst: boolean;
  /** Names of all. */
  readonly all: readonly string[];
}

/**
 * The portal as the plan of one cloud may see it: rows of other clouds look as if made by hand, so that they are not changed, filled or
 * counted, while their names and units are taken; a template has the id of its flavor, which is unique only in its cloud.
 *
 * @param options.candidates with the rows for which this cloud has to be queried, whether they are its own or not
 */
export function viewOf(
  portal: PortalSnapshot,
  homes: Homes,
  cloud: ViewedCloud,
  { candidates = false }: { readonly candidates?: boolean } = {},
): PortalSnapshot {
  const isOwn = (home: Home | undefined) =>
    home === undefined || home.cloud === cloud.name || (candidates && home.candidates.includes(cloud.name));
  const { racks, devices, templates, unreadable } = portal;
  return {
    ...portal,
    racks: racks.map((rack) => (isOwn(homes.racks.get(rack.id)) ? rack : handMade(rack))),
    devices: devices.map((device) => (isOwn(homes.devices.get(device)) ? device : handMade(device))),
    templates: templates.map((template) => templateIn(template, cloud)),
    ...(unreadable && {
      unreadable: unreadable.flatMap((row) => {
        if (row.object !== 'template' || !row.foreignId) return [row];
        const foreignId = flavorIn(row.foreignId, cloud);
        return foreignId === undefined ? [] : [{ ...row, foreignId }];
      }),
    }),
  };
}

/** The key of a template in the portal. */
export function templateKeyOf(flavor: string, { name, isFirst }: ViewedCloud): string {
  return isFirst ? flavor : `${name}:${flavor}`;
}

/** The id of the flavor that a template is for; undefined: it is another cloud's. */
function flavorIn(key: string, { name, isFirst, all }: ViewedCloud): string | undefined {
  const owner = all.find((each) => key.startsWith(`${each}:`));
  if (owner === undefined) return isFirst ? key : undefined;
  return owner === name && !isFirst ? key.slice(owner.length + 1) : undefined;
}

function templateIn(template: Template, cloud: ViewedCloud): Template {
  if (!isOwnTemplate(template)) return template;
  const foreignId = flavorIn(template.foreignId, cloud) ?? null;
  return foreignId === template.foreignId ? template : { ...template, foreignId };
}

/** By the row, so that it stays the same object from run to run. */
const handMadeOf = new WeakMap<Rack | Device, Rack | Device>();

function handMade<Row extends Rack | Device>(row: Row): Row {
  let made = handMadeOf.get(row);
  if (!made) handMadeOf.set(row, (made = withoutClaim(row)));
  return made as Row;
}

/** A plan that was made on a view, with the templates as the portal has them, and with keys that no other cloud's plan uses. */
export function fromView(plan: Plan, portal: PortalSnapshot, cloud: ViewedCloud): Plan['phases'] {
  const templates = new Map(portal.templates.map((template) => [template.id, template]));
  const real = ({ id }: { readonly id: TemplateId }) => templates.get(id) as Template;
  const rackRef = (rack: RackRef): RackRef =>
    rack.kind === 'new' ? { ...rack, key: rackKey(rack.key) } : rack;
  const rackKey = (key: NewRackKey) => `${cloud.name} ${key}` as NewRackKey;
  const templateRef = (template: TemplateRef): TemplateRef =>
    template.kind === 'present' || template.key.startsWith('tag:')
      ? template
      : { ...template, key: templateKeyOf(template.key, cloud) };
  const newDevice = ({ rack, template }: NewDevice) => ({
    rack: rackRef(rack),
    template: templateRef(template),
  });
  const translate = (change: Change): Change => {
    switch (change.kind) {
      case 'create-template': {
        const { foreignId } = change.draft;
        if (foreignId === null) return change;
        return { ...change, draft: { ...change.draft, foreignId: templateKeyOf(foreignId, cloud) } };
      }
      case 'update-template': {
        const { foreignId, ...patch } = change.patch;
        return {
          ...change,
          template: real(change.template),
          patch: foreignId ? { ...patch, foreignId: templateKeyOf(foreignId, cloud) } : patch,
        };
      }
      case 'delete-template':
        return { ...change, template: real(change.template) };
      case 'create-rack':
        return { ...change, key: rackKey(change.key) };
      case 'create-device':
        return { ...change, ...newDevice(change) };
      case 'replace-device':
        return { ...change, ...newDevice(change) };
      case 'update-rack':
      case 'delete-rack':
      case 'update-device':
      case 'delete-device':
        return change;
      default:
        return unreachable(change);
    }
  };
  return plan.phases.map((lanes) =>
    lanes.map(({ name, changes }) => ({ name, changes: changes.map(translate) })),
  );
}
