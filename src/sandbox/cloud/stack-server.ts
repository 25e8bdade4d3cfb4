import type { ServerDraft } from './compute.ts';
import { type Resource, rootOf, type Stack } from './stack.ts';
import type { ServerTemplate } from './template.ts';

/** What Heat asks Nova for: the server that a resource of a stack is to be. */
export function serverDraft(
  template: ServerTemplate,
  place: { resource: Resource; stack: Stack; volumeId: string | undefined; schedulerHints: boolean },
): ServerDraft {
  const { resource, stack, volumeId } = place;
  const group = rootOf(stack).resources.find(({ name }) => name === template.group)?.physicalId;
  const hints = {
    ...(group === undefined ? {} : { group: [group] }),
    ...(place.schedulerHints ? heatsHints(stack, resource) : {}),
  };
  return {
    ...template,
    projectId: stack.projectId,
    userId: stack.ownerId,
    ...(volumeId === undefined ? {} : { volumes: [{ id: volumeId, deleteOnTermination: false }] }),
    ...(group === undefined ? {} : { groupIds: [group] }),
    ...(Object.keys(hints).length === 0 ? {} : { schedulerHints: hints }),
  };
}

/** By which a server tells its place among the stacks: https://docs.openstack.org/heat `stack_scheduler_hints`. */
function heatsHints(stack: Stack, resource: Resource): Record<string, readonly string[]> {
  return {
    heat_root_stack_id: [rootOf(stack).id],
    heat_stack_id: [stack.id],
    heat_stack_name: [stack.name],
    heat_path_in_stack: pathOf(stack),
    heat_resource_name: [resource.name],
  };
}

/** As Heat hints it: the root's name, then resource and name of each stack down to this one. */
function pathOf(stack: Stack): string[] {
  return stack.parent ? [...pathOf(stack.parent), `${stack.parentResource},${stack.name}`] : [stack.name];
}
