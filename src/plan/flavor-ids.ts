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
 * Gives templates the ids that their flavors have now. Servers give the name and sizes of their flavor, and flavor
 * names are unique in Nova. So when the flavor of a template is not listed, and another with the same name and sizes is, that one is
 * the template's: it was recreated, or was not listed yet when the template was made from what a server said. The devices stay,
 * because a device's template can only be changed by recreating the device.
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
 * Which flavors may be matched by name. None where a server names its flavor by id, as in an old Nova: it may still use the
 * deleted one. In a targeted run only those that the servers in scope name.
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
