import type { Resource, StackResult } from './stack.ts';
import type { Resources, ResourceTemplate } from './template.ts';

/** What a stack is to have, none of it made yet. */
export function newResources(templates: Resources, createdAt: number): Resource[] {
  return Object.entries(templates).map(([name, template]) => newResource(name, template, createdAt));
}

export function newResource(name: string, template: ResourceTemplate, createdAt: number): Resource {
  return {
    name,
    type: template.type,
    requiredBy: template.requiredBy ?? [],
    contents: template.contents,
    physicalId: '',
    nested: undefined,
    action: 'INIT',
    result: 'COMPLETE',
    reason: '',
    createdAt,
  };
}

/** What a ResourceGroup of that size is to have. */
export function members(count: number, member: (index: number) => ResourceTemplate): Resources {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [String(index), member(index)]));
}

export function setResource(
  resource: Resource,
  action: Resource['action'],
  result: StackResult,
  reason = 'state changed',
): void {
  resource.action = action;
  resource.result = result;
  resource.reason = reason;
}
