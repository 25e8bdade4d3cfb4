import type { FastifyInstance } from 'fastify';
import type { Identity, Project, Role, User } from '../cloud/identity.ts';
import type { Call } from './call.ts';
import { listLinks, roleBody } from './keystone.ts';
import { Refusal } from './refusal.ts';
import { type Answer, type Site, withToken } from './service.ts';

/** Identity (Keystone) v3: who has which role where, beside `addKeystone`, whose manners it has. */
export function addGrants(app: FastifyInstance, site: Site): void {
  const { identity } = site.cloud;
  const route = (method: 'GET' | 'HEAD' | 'PUT' | 'DELETE', url: string, answer: Answer) =>
    app.route({
      method,
      url: `/v3${url}`,
      exposeHeadRoute: false,
      handler: withToken(site, (call) => {
        if (!call.isAdmin) {
          throw new Refusal(
            403,
            'You are not authorized to perform the requested action: identity:create_grant.',
          );
        }
        return answer(call);
      }),
    });
  const one = '/projects/:project/users/:user/roles/:role';

  route('GET', '/projects/:project/users/:user/roles', (call) => {
    const { project, user } = placeOf(call);
    const granted = identity
      .grants()
      .filter(({ projectId, userId }) => projectId === project.id && userId === user.id)
      .map(({ roleId }) => roleId);
    const roles = identity.roles.filter(({ id }) => granted.includes(id));
    return JSON.stringify({ roles: roles.map((role) => roleBody(call, role)), links: listLinks(call) });
  });
  route('PUT', one, (call) => {
    const { project, user } = placeOf(call);
    identity.grant(user, project, roleOf(call).name);
    return noContent(call);
  });
  route('HEAD', one, (call) => {
    mustBeGranted(call);
    return noContent(call);
  });
  route('DELETE', one, (call) => {
    const { project, user, role } = mustBeGranted(call);
    identity.revoke(user, project, role);
    return noContent(call);
  });
  route('GET', '/role_assignments', (call) => {
    const wanted = (filter: string, value: string) => (call.query.get(filter) ?? value) === value;
    const rows = identity
      .grants()
      .filter(
        ({ projectId, userId, roleId }) =>
          wanted('scope.project.id', projectId) && wanted('user.id', userId) && wanted('role.id', roleId),
      );
    const base = `${call.base}/v3`;
    const named = (item: Project | User | Role | undefined) =>
      call.query.has('include_names') && item ? namesOf(item, identity) : {};
    return JSON.stringify({
      role_assignments: rows.map(({ projectId, userId, roleId }) => ({
        links: { assignment: `${base}/projects/${projectId}/users/${userId}/roles/${roleId}` },
        scope: { project: { id: projectId, ...named(identity.projects.get(projectId)) } },
        user: { id: userId, ...named(identity.users.get(userId)) },
        role: { id: roleId, ...named(identity.roles.find(({ id }) => id === roleId)) },
      })),
      links: listLinks(call),
    });
  });

  function placeOf(call: Call): { project: Project; user: User } {
    const project = identity.projects.get(call.parameter('project'));
    if (!project) throw new Refusal(404, `Could not find project: ${call.parameter('project')}.`);
    const user = identity.users.get(call.parameter('user'));
    if (!user) throw new Refusal(404, `Could not find user: ${call.parameter('user')}.`);
    return { project, user };
  }

  function roleOf(call: Call): Role {
    const id = call.parameter('role');
    const role = identity.roles.find((each) => each.id === id);
    if (!role) throw new Refusal(404, `Could not find role: ${id}.`);
    return role;
  }

  function mustBeGranted(call: Call): { project: Project; user: User; role: Role } {
    const { project, user } = placeOf(call);
    const role = roleOf(call);
    const isGranted = identity
      .grants()
      .some(
        ({ projectId, userId, roleId }) =>
          projectId === project.id && userId === user.id && roleId === role.id,
      );
    if (isGranted) return { project, user, role };
    throw new Refusal(
      404,
      `Could not find role assignment with role: ${role.id}, user or group: ${user.id}, project, domain, or system: ${project.id}.`,
    );
  }
}

function noContent(call: Call): undefined {
  call.reply.code(204);
  return undefined;
}

function namesOf(item: Project | User | Role, identity: Identity) {
  const { name } = item;
  if (!('domainId' in item)) return { name };
  const domain = identity.domains.find(({ id }) => id === item.domainId);
  return { name, domain: { id: item.domainId, name: domain?.name } };
}
