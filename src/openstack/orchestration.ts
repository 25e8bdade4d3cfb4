/** Orchestration (Heat) v1. */
import { parseBody, parseRows } from '../http/body.ts';
import type { HttpResponse } from '../http/client.ts';
import { parseTime } from '../runtime/clock.ts';
import { asAdministratorOrMember } from './as-administrator-or-member.ts';
import { assertNotFound } from './errors.ts';
import type {
  Kind,
  NetworkId,
  ProjectId,
  ServerGroupId,
  ServerId,
  Stack,
  StackId,
  StackMembers,
  StackOutputs,
  VolumeId,
} from './model.ts';
import type { Session } from './session.ts';
import { toStackRow } from './stack-list.ts';
import * as wire from './wire/orchestration.ts';

/** One stack with what only its own page shows. */
export interface StackDetail {
  readonly stack: Stack;
  readonly outputs: StackOutputs;
  /** By Heat's clock, ms since 1970; undefined: it is not deleted. */
  readonly deletedAt: number | undefined;
  /** The values it was created with; Heat masks hidden parameters. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Heat names a stack by these three. */
export type StackRef = Pick<Stack, 'id' | 'name' | 'projectId'>;

/** Heat lowers this to its `max_nested_stack_depth`; no tree is deeper. */
const everyDepth = 2 ** 31 - 1;

/** The types of Heat resources that are members of each kind. */
const resourceTypes = {
  servers: ['OS::Nova::Server'],
  serverGroups: ['OS::Nova::ServerGroup'],
  volumes: ['OS::Cinder::Volume'],
  networks: ['OS::Neutron::Net', 'OS::Neutron::ProviderNet'],
} as const satisfies Record<keyof StackMembers, readonly string[]>;

/** One stack with its outputs, DELETE_COMPLETE ones too; undefined when Heat knows no such stack. */
export async function showStack(
  session: Session,
  stack: StackRef,
  signal?: AbortSignal,
): Promise<StackDetail | undefined> {
  const response = await asAdministratorOrMember(session, stack.projectId, (as) =>
    as.request('orchestration', {
      method: 'GET',
      path: pathOf(stack),
      route: '/stacks/{name}/{id}',
      project: stack.projectId,
      accept: [404],
      signal,
    }),
  );
  return readStack(response);
}

/** As `showStack`, by the id alone. Without `projectId` only an administrator finds stacks of other projects. */
export async function findStack(
  session: Session,
  id: StackId,
  projectId?: ProjectId,
  signal?: AbortSignal,
): Promise<StackDetail | undefined> {
  const find = async (as: Session) => {
    const response = await as.request('orchestration', {
      method: 'GET',
      path: `/stacks/${encodeURIComponent(id)}`,
      route: '/stacks/{id}',
      ...(projectId === undefined ? {} : { project: projectId }),
      accept: [302, 404],
      signal,
    });
    const location = response.headers['location'];
    if (response.status !== 302 || location === undefined) return response;
    return as.follow('orchestration', location, { route: '/stacks/{name}/{id}', accept: [404], signal });
  };
  return readStack(
    projectId === undefined ? await find(session) : await asAdministratorOrMember(session, projectId, find),
  );
}

/**
 * The members of a stack and of the stacks nested in it, at any depth. A resource that is not created yet has
 * no id and is left out, and so are resources of other kinds than `kinds`.
 */
export async function readStackMembers(
  session: Session,
  stack: StackRef,
  kinds: readonly Kind[] = ['server'],
  signal?: AbortSignal,
): Promise<StackMembers> {
  const serversOnly = kinds.every((kind) => kind === 'server');
  const response = await asAdministratorOrMember(session, stack.projectId, (as) =>
    as.request('orchestration', {
      method: 'GET',
      path: `${pathOf(stack)}/resources`,
      route: '/stacks/{name}/{id}/resources',
      // Heat matches one text anywhere in the type's name: this one finds server groups too; no single text
      // finds all kinds.
      query: { nested_depth: everyDepth, type: serversOnly ? 'OS::Nova::Server' : undefined },
      project: stack.projectId,
      signal,
    }),
  );
  const resources = parseRows(response, { field: 'resources', row: wire.Resource });
  const idsOf = <Id extends string>(kind: Kind, types: readonly string[]) => {
    if (!kinds.includes(kind)) return [];
    const found = resources.filter((resource) => types.includes(resource.resource_type));
    return found.flatMap(({ physical_resource_id: id }) => (id ? [id as Id] : []));
  };
  return {
    servers: idsOf<ServerId>('server', resourceTypes.servers),
    serverGroups: idsOf<ServerGroupId>('server', resourceTypes.serverGroups),
    volumes: idsOf<VolumeId>('volume', resourceTypes.volumes),
    networks: idsOf<NetworkId>('network', resourceTypes.networks),
  };
}

/** The ids, in their own services, of all resources of a stack and of the stacks nested in it. */
export async function readResourceIds(session: Session, stack: StackRef): Promise<ReadonlySet<string>> {
  const response = await asAdministratorOrMember(session, stack.projectId, (as) =>
    as.request('orchestration', {
      method: 'GET',
      path: `${pathOf(stack)}/resources`,
      route: '/stacks/{name}/{id}/resources',
      query: { nested_depth: everyDepth },
      project: stack.projectId,
    }),
  );
  const resources = parseRows(response, { field: 'resources', row: wire.Resource });
  return new Set(resources.flatMap(({ physical_resource_id: id }) => id ?? []));
}

/**
 * Has Heat begin to delete the stack with all that is in it; a deletion that is under way goes on.
 *
 * @throws {OpenStackError} 404: no such stack; 403: not allowed
 */
export async function deleteStack(session: Session, stack: StackRef): Promise<void> {
  await asAdministratorOrMember(session, stack.projectId, (as) =>
    as.request('orchestration', {
      method: 'DELETE',
      path: pathOf(stack),
      route: '/stacks/{name}/{id}',
      project: stack.projectId,
    }),
  );
}

/**
 * Has Heat begin to suspend or resume all that is in the stack.
 *
 * @throws {OpenStackError} 409: something else is under way with it; 404: no such stack; 403: not allowed
 */
export async function actOnStack(
  session: Session,
  stack: StackRef,
  action: 'suspend' | 'resume',
): Promise<void> {
  await asAdministratorOrMember(session, stack.projectId, (as) =>
    as.request('orchestration', {
      method: 'POST',
      path: `${pathOf(stack)}/actions`,
      route: `/stacks/{name}/{id}/actions ${action}`,
      body: { [action]: null },
      project: stack.projectId,
    }),
  );
}

/** The path of a stack; the paths of its resources and events begin with it. */
export function pathOf({ name, id }: StackRef): string {
  return `/stacks/${encodeURIComponent(name)}/${encodeURIComponent(id)}`;
}

function readStack(response: HttpResponse): StackDetail | undefined {
  if (response.status === 404) {
    assertNotFound(response);
    return undefined;
  }
  const { stack } = parseBody(response, wire.StackBody);
  const outputs = stack.outputs
    .filter((output) => output.output_value !== null && output.output_value !== undefined)
    .map((output) => ({ key: output.output_key, value: output.output_value }))
    .sort((one, other) => (one.key < other.key ? -1 : 1));
  const { parameters } = stack;
  return {
    stack: { ...toStackRow(stack), projectId: parameters['OS::project_id'] as ProjectId },
    outputs,
    deletedAt: parseTime(stack.deletion_time ?? ''),
    parameters,
  };
}
