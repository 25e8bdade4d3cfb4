import type { PortalSnapshot, Template } from '../concertim/model.ts';
import type { Flavor } from '../openstack/model.ts';
import type { Change } from './change.ts';
import { isTemplateOf, templateOfFlavor } from './flavor-template.ts';
import type { CloudObservation } from './observation.ts';
import { isOwnTemplate } from './ownership.ts';
import { compareTexts } from './portal-index.ts';
import { because } from './reason.ts';
import { presentFlavors } from './seen.ts';

/**
 * Gives templates the ids that their flavors have now. Servers name a flavor by its name and sizes, and Nova has no two of one
 * name: so one that is listed with the name and the sizes of a template whose own flavor is not listed is the template's. It was
 * recreated, or it was in no list yet when the template was made for what its servers said of it. The devices stay as they are: the
 * portal would have to recreate each.
 *
 * @returns the changes, and the portal as they leave it
 */
export function updateFlavorIds(
  portal: PortalSnapshot,
  cloud: CloudObservation,
): { changes: Change[]; portal: PortalSnapshot } {
  const own = portal.templates.filter(isOwnTemplate);
  const known = new Set(own.map(({ foreignId }) => foreignId));
  const listed = new Map<string, Flavor>(cloud.flavors.map((flavor) => [flavor.id, flavor]));
  const newcomers = [...listed.values()].filter(({ id }) => !known.has(id));
  if (newcomers.length === 0) return { changes: [], portal };
  const present = presentFlavors(cloud);
  const orphans = own.filter(({ foreignId }) => !present.has(foreignId));
  if (orphans.length === 0) return { changes: [], portal };

  const updated = new Map<Template, Template>();
  for (const flavor of newcomers.filter(isNamedIn(cloud)).sort((a, b) => compareTexts(a.id, b.id))) {
    const wanted = templateOfFlavor(flavor);
    const template = orphans.find((each) => !updated.has(each) && isTemplateOf(each, wanted));
    if (template) updated.set(template, { ...template, foreignId: flavor.id });
  }
  return {
    changes: [...updated].map(
      ([template, { foreignId }]): Change => ({
        kind: 'update-template',
        template,
        patch: { foreignId },
        ...because('flavor-id-changed'),
      }),
    ),
    portal: { ...portal, templates: portal.templates.map((each) => updated.get(each) ?? each) },
  };
}

/**
 * Which flavors a run may be sure of: none where servers name theirs by id, as those of an old Nova do, since one that is gone
 * keeps its own; in a targeted run those of the servers that it has seen.
 */
function isNamedIn({ scope, servers }: CloudObservation): (flavor: Flavor) => boolean {
  const names = new Set<string>();
  for (const server of servers.values()) {
    if (server.kind === 'unreadable') continue;
    if (server.flavor.kind === 'id') return () => false;
    names.add(server.flavor.name);
  }
  return ({ name }) => scope.kind === 'all' || names.has(name);
}
