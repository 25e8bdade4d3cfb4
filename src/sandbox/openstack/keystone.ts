import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  type Domain,
  defaultDomain,
  type Identity,
  type Project,
  type Role,
  type Token,
  type User,
} from '../cloud/identity.ts';
import { faultOfName } from '../fault-name.ts';
import type { Call } from './call.ts';
import type { Catalog } from './catalog.ts';
import { Refusal, titles } from './refusal.ts';
import { type Answer, addManners, type Site, unauthorized, withToken } from './service.ts';
import { microseconds } from './times.ts';
import { signIn, signInV2 } from './tokens.ts';

/** Identity (Keystone): v3, and of v2.0 the signing in. */
export function addKeystone(app: FastifyInstance, site: Site): void {
  const { cloud, catalog } = site;
  const { identity } = cloud;
  addManners(app, cloud, {
    requestIdHeaders: ['x-openstack-request-id'],
    headers: () => ({ vary: 'X-Auth-Token' }),
    refusalBody: ({ status, message, details }) => ({
      error: { code: status, message, title: titles[status] ?? '', ...details },
    }),
    noSuchRoute: {
      type: 'text/html',
      body: '<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n',
    },
  });
  const route = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, answer: Answer) =>
    app.route({ method, url, handler: withToken(site, answer) });

  app.get('/', (request, reply) =>
    reply
      .code(300)
      .header('location', `${v3(request)}/`)
      .send({ versions: { values: [version(request)] } }),
  );
  for (const path of ['/v3', '/v3/']) app.get(path, (request) => ({ version: version(request) }));

  app.post('/v3/auth/tokens', (request, reply) => {
    const token = signIn(identity, request.body, unauthorized(catalog, request));
    const withCatalog = !('nocatalog' in (request.query as object));
    return reply
      .code(201)
      .header('x-subject-token', token.id)
      .send({ token: tokenBody(token, identity, request, withCatalog ? catalog : undefined) });
  });
  app.post('/v2.0/tokens', (request) => {
    const token = signInV2(identity, request.body, unauthorized(catalog, request));
    return accessBody(token, request, catalog);
  });
  route('GET', '/v3/auth/tokens', (call) => {
    const subject = subjectOf(call);
    call.reply.header('x-subject-token', subject.id);
    return JSON.stringify({ token: tokenBody(subject, identity, call.request, catalog) });
  });
  route('DELETE', '/v3/auth/tokens', (call) => {
    identity.revokeToken(subjectOf(call));
    call.reply.code(204);
    return undefined;
  });
  route('GET', '/v3/auth/catalog', (call) =>
    JSON.stringify({
      catalog: catalog.v3(call.request.hostname, call.project?.id ?? ''),
      links: listLinks(call),
    }),
  );
  route('GET', '/v3/auth/projects', (call) =>
    list(call, 'projects', identity.projectsOf(call.token.user), (each) => projectBody(call, each)),
  );

  route('GET', '/v3/projects', (call) => {
    mustBeAdmin(call, 'list_projects');
    const found = [...identity.projects.values()].filter(
      (project) => matches(call, 'name', project.name) && matches(call, 'domain_id', project.domainId),
    );
    return list(call, 'projects', found, (each) => projectBody(call, each));
  });
  route('GET', '/v3/projects/:id', async (call) => {
    const project = find(identity.projects, call, 'project');
    if (project !== call.project) mustBeAdmin(call, 'get_project');
    await call.meet(faultOfName(project.name));
    return JSON.stringify({ project: projectBody(call, project) });
  });
  route('POST', '/v3/projects', (call) => {
    mustBeAdmin(call, 'create_project');
    const draft = parse(ProjectDraft, call.body['project']);
    const domainId = draft.domain_id ?? defaultDomain.id;
    const taken = [...identity.projects.values()].find(
      (each) => isSameName(each.name, draft.name) && each.domainId === domainId,
    );
    if (taken) {
      throw new Refusal(
        409,
        `Conflict occurred attempting to store project - it is not permitted to have two projects with either the same name or same id in the same domain: name is ${draft.name}, project id ${taken.id}.`,
      );
    }
    if (!identity.domains.some(({ id }) => id === domainId))
      throw new Refusal(400, `Could not find domain: ${domainId}.`);
    if (!identity.isDomainEnabled(domainId)) {
      throw new Refusal(
        400,
        `cannot create a project in a branch containing a disabled project: ${domainId}`,
      );
    }
    const { name, description = '', enabled = true } = draft;
    const project = identity.createProject({ name, domainId, description, enabled });
    call.reply.code(201);
    return JSON.stringify({ project: projectBody(call, project) });
  });
  route('PATCH', '/v3/projects/:id', (call) => {
    mustBeAdmin(call, 'update_project');
    const project = find(identity.projects, call, 'project');
    Object.assign(project, parse(ProjectPatch, call.body['project']));
    return JSON.stringify({ project: { ...projectBody(call, project), extra: {} } });
  });
  route('DELETE', '/v3/projects/:id', (call) => {
    mustBeAdmin(call, 'delete_project');
    identity.deleteProject(find(identity.projects, call, 'project'));
    call.reply.code(204);
    return undefined;
  });

  route('GET', '/v3/users', (call) => {
    mustBeAdmin(call, 'list_users');
    const found = [...identity.users.values()].filter(
      (user) => matches(call, 'name', user.name) && matches(call, 'domain_id', user.domainId),
    );
    return list(call, 'users', found, (each) => userBody(call, each));
  });
  route('GET', '/v3/users/:id', (call) => {
    const user = find(identity.users, call, 'user');
    if (user !== call.token.user) mustBeAdmin(call, 'get_user');
    return JSON.stringify({ user: userBody(call, user) });
  });
  route('GET', '/v3/users/:id/projects', (call) => {
    const user = find(identity.users, call, 'user');
    if (user !== call.token.user) mustBeAdmin(call, 'list_user_projects');
    return list(call, 'projects', identity.projectsOf(user), (each) => projectBody(call, each));
  });
  route('POST', '/v3/users', (call) => {
    mustBeAdmin(call, 'create_user');
    const draft = parse(UserDraft, call.body['user']);
    const domainId = draft.domain_id ?? defaultDomain.id;
    const isTaken = [...identity.users.values()].some(
      (each) => isSameName(each.name, draft.name) && each.domainId === domainId,
    );
    if (isTaken) {
      throw new Refusal(
        409,
        `Conflict occurred attempting to store user - Duplicate entry found with name ${draft.name} at domain ID ${domainId}.`,
      );
    }
    const { default_project_id: defaultProjectId, domain_id: _, ...rest } = draft;
    const user = identity.createUser({ ...rest, domainId, defaultProjectId, enabled: draft.enabled ?? true });
    call.reply.code(201);
    return JSON.stringify({ user: userBody(call, user) });
  });
  route('PATCH', '/v3/users/:id', (call) => {
    mustBeAdmin(call, 'update_user');
    const user = find(identity.users, call, 'user');
    const { default_project_id: defaultProjectId, ...rest } = parse(UserPatch, call.body['user']);
    identity.updateUser(user, defaultProjectId === undefined ? rest : { ...rest, defaultProjectId });
    const body = userBody(call, user);
    const extra = { ...pick(body, 'email'), ...pick(body, 'description') };
    return JSON.stringify({ user: { ...body, extra } });
  });
  route('DELETE', '/v3/users/:id', (call) => {
    mustBeAdmin(call, 'delete_user');
    identity.deleteUser(find(identity.users, call, 'user'));
    call.reply.code(204);
    return undefined;
  });

  route('GET', '/v3/roles', (call) => {
    mustBeAdmin(call, 'list_roles');
    const found = identity.roles.filter((role) => matches(call, 'name', role.name));
    return list(call, 'roles', found, (each) => roleBody(call, each));
  });
  route('POST', '/v3/roles', (call) => {
    mustBeAdmin(call, 'create_role');
    const { name: wanted } = parse(z.object({ name }), call.body['role']);
    if (identity.roles.some((role) => role.name === wanted)) {
      throw new Refusal(
        409,
        `Conflict occurred attempting to store role - Duplicate entry found with name ${wanted}.`,
      );
    }
    call.reply.code(201);
    return JSON.stringify({ role: roleBody(call, identity.createRole(wanted)) });
  });
  route('GET', '/v3/domains', (call) => {
    mustBeAdmin(call, 'list_domains');
    return list(call, 'domains', identity.domains, (domain) => domainBody(call, domain));
  });
  route('GET', '/v3/domains/:id', (call) => {
    mustBeAdmin(call, 'get_domain');
    const domains = new Map(identity.domains.map((domain) => [domain.id, domain]));
    return JSON.stringify({ domain: domainBody(call, find(domains, call, 'domain')) });
  });
}

const name = z.string().min(1, "'' is too short");
const ProjectDraft = z.object({
  name,
  domain_id: z.string().optional(),
  description: z.string().optional(),
  enabled: z.boolean().optional(),
});
const ProjectPatch = z.object({
  name: name.optional(),
  description: z.string().optional(),
  enabled: z.boolean().optional(),
});
const UserDraft = z.object({
  name,
  password: z.string().default(''),
  domain_id: z.string().optional(),
  email: z.string().optional(),
  description: z.string().optional(),
  default_project_id: z.string().optional(),
  enabled: z.boolean().optional(),
});
const UserPatch = z
  .object({
    name,
    password: z.string(),
    email: z.string(),
    description: z.string(),
    default_project_id: z.string(),
    enabled: z.boolean(),
  })
  .partial();

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Refusal(400, `Invalid input for field '${issue?.path.join('.') ?? ''}': ${issue?.message ?? ''}`);
}

function v3(request: FastifyRequest): string {
  return `http://${request.host}/v3`;
}

function version(request: FastifyRequest) {
  return {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${v3(request)}/` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  };
}

function mustBeAdmin(call: Call, rule: string): void {
  if (call.isAdmin) return;
  throw new Refusal(403, `You are not authorized to perform the requested action: identity:${rule}.`);
}

function domainBody(call: Call, domain: Domain) {
  const links = { self: `${v3(call.request)}/domains/${domain.id}` };
  return { ...domain, tags: [], options: {}, links };
}

function find<T>(among: ReadonlyMap<string, T>, call: Call, what: string): T {
  const id = call.parameter('id');
  const found = among.get(id);
  if (!found) throw new Refusal(404, `Could not find ${what}: ${id}.`);
  return found;
}

function subjectOf(call: Call): Token {
  const id = call.request.headers['x-subject-token'];
  const subject = typeof id === 'string' ? call.cloud.identity.token(id) : undefined;
  if (!subject) throw new Refusal(404, 'Failed to validate token');
  return subject;
}

function matches(call: Call, parameter: string, value: string): boolean {
  const wanted = call.query.get(parameter);
  if (wanted === null) return true;
  return parameter === 'name' ? isSameName(wanted, value) : wanted === value;
}

/** As MariaDB compares, with the collation that Keystone's tables have: neither case nor accents tell names apart. */
function isSameName(one: string, other: string): boolean {
  return one.localeCompare(other, 'en', { sensitivity: 'base' }) === 0;
}

function list<T>(call: Call, name: string, items: readonly T[], body: (item: T) => unknown): string {
  return JSON.stringify({ [name]: items.map(body), links: listLinks(call) });
}

/** Beside every list of Keystone's. */
export function listLinks({ request }: Call) {
  return { next: null, self: `http://${request.host}${request.url}`, previous: null };
}

function pick<T extends object, Key extends keyof T>(from: T, key: Key): Partial<Pick<T, Key>> {
  return from[key] === undefined ? {} : ({ [key]: from[key] } as Pick<T, Key>);
}

function projectBody(call: Call, project: Project) {
  const { id, name, domainId, description, enabled } = project;
  return {
    id,
    name,
    domain_id: domainId,
    description,
    enabled,
    parent_id: domainId,
    is_domain: false,
    tags: [],
    options: {},
    links: { self: `${v3(call.request)}/projects/${id}` },
  };
}

function userBody(call: Call, user: User) {
  return {
    email: user.email,
    description: user.description,
    id: user.id,
    name: user.name,
    domain_id: user.domainId,
    enabled: user.enabled,
    default_project_id: user.defaultProjectId,
    password_expires_at: null,
    options: {},
    links: { self: `${v3(call.request)}/users/${user.id}` },
  };
}

/** A role as lists have it. */
export function roleBody(call: Call, { id, name }: Role) {
  const immutable = ['admin', 'member', 'reader'].includes(name);
  return {
    id,
    name,
    domain_id: null,
    description: null,
    options: immutable ? { immutable } : {},
    links: { self: `${v3(call.request)}/roles/${id}` },
  };
}

function tokenBody(token: Token, identity: Identity, request: FastifyRequest, catalog: Catalog | undefined) {
  const { user, project, applicationCredential: credential } = token;
  const domainOf = ({ domainId }: User | Project) => {
    return { id: domainId, name: identity.domains.find(({ id }) => id === domainId)?.name };
  };
  return {
    methods: token.methods,
    user: { domain: domainOf(user), id: user.id, name: user.name, password_expires_at: null },
    audit_ids: token.auditIds,
    expires_at: microseconds(token.expiresAt),
    issued_at: microseconds(token.issuedAt),
    ...(project
      ? {
          project: { domain: domainOf(project), id: project.id, name: project.name },
          is_domain: false,
          roles: token.roles,
          ...(catalog ? { catalog: catalog.v3(request.hostname, project.id) } : {}),
        }
      : {}),
    ...(credential
      ? { application_credential: { id: credential.id, name: credential.name, restricted: true } }
      : {}),
  };
}

function accessBody(token: Token, request: FastifyRequest, catalog: Catalog) {
  const { user, project } = token;
  return {
    access: {
      token: {
        issued_at: microseconds(token.issuedAt),
        expires: microseconds(token.expiresAt),
        id: token.id,
        ...(project
          ? {
              tenant: { id: project.id, name: project.name, description: project.description, enabled: true },
            }
          : {}),
        audit_ids: token.auditIds,
      },
      serviceCatalog: project ? catalog.v2(request.hostname, project.id) : [],
      user: {
        username: user.name,
        roles_links: [],
        id: user.id,
        roles: token.roles.map(({ name }) => ({ name })),
        name: user.name,
      },
      metadata: { is_admin: 0, roles: token.roles.map(({ id }) => id) },
    },
  };
}
