import { z } from 'zod';
import {
  type ApplicationCredential,
  defaultDomain,
  type Identity,
  type Project,
  type Token,
  type User,
} from '../cloud/identity.ts';
import { Refusal } from './refusal.ts';

/** Signing in to Keystone, v3 and v2.0. No answer says what is wrong with credentials: each is the same 401. */

const DomainRef = z.object({ id: z.string().optional(), name: z.string().optional() });
const UserRef = z.object({
  id: z.string().optional(),
  name: z.string().optional(),
  domain: DomainRef.optional(),
});
const ProjectRef = z.object({
  id: z.string().optional(),
  name: z.string().optional(),
  domain: DomainRef.optional(),
});

const AuthBody = z.object({
  auth: z.object({
    identity: z.object({
      methods: z.array(z.string()),
      password: z.object({ user: UserRef.extend({ password: z.string() }) }).optional(),
      token: z.object({ id: z.string() }).optional(),
      application_credential: z
        .object({
          id: z.string().optional(),
          name: z.string().optional(),
          user: UserRef.optional(),
          secret: z.string(),
        })
        .optional(),
    }),
    scope: z.union([z.literal('unscoped'), z.object({ project: ProjectRef.optional() })]).optional(),
  }),
});
type Auth = z.infer<typeof AuthBody>['auth'];

const V2Body = z.object({
  auth: z.object({
    passwordCredentials: z.object({ username: z.string(), password: z.string() }),
    tenantName: z.string().optional(),
    tenantId: z.string().optional(),
  }),
});

/** `POST /v3/auth/tokens` */
export function signIn(identity: Identity, body: unknown, refused: Refusal): Token {
  const { auth } = parse(AuthBody, body);
  for (const method of auth.identity.methods) {
    if (!supportedMethods.has(method)) {
      throw new Refusal(401, 'Attempted to authenticate with an unsupported method.', {
        headers: refused.headers,
        details: { identity: { methods: [...supportedMethods] } },
      });
    }
    if (!auth.identity[method as keyof Auth['identity']])
      throw new Refusal(400, expecting(method, 'identity'));
  }
  const who = whoIs(identity, auth, refused);
  if (!who.user.enabled || !identity.isDomainEnabled(who.user.domainId)) throw refused;
  const project = who.applicationCredential
    ? identity.projects.get(who.applicationCredential.projectId)
    : scope(identity, auth, who.user, refused);
  if (project && !mayEnter(identity, who.user, project)) throw refused;
  return identity.issueToken({ ...who, project });
}

/** `POST /v2.0/tokens` */
export function signInV2(identity: Identity, body: unknown, refused: Refusal): Token {
  const { auth } = parse(V2Body, body);
  const { username, password } = auth.passwordCredentials;
  const user = findUser(identity, { name: username, domain: { id: defaultDomain.id } });
  if (!user?.enabled || user.password !== password || !identity.isDomainEnabled(user.domainId)) throw refused;
  const isScoped = auth.tenantId !== undefined || auth.tenantName !== undefined;
  const project = isScoped
    ? findProject(identity, { id: auth.tenantId, name: auth.tenantName, domain: { id: defaultDomain.id } })
    : undefined;
  if (isScoped && !(project && mayEnter(identity, user, project))) throw refused;
  return identity.issueToken({ user, project, methods: ['password'] });
}

const supportedMethods = new Set(['password', 'token', 'application_credential']);

function whoIs(
  identity: Identity,
  auth: Auth,
  refused: Refusal,
): { user: User; methods: string[]; parent?: Token; applicationCredential?: ApplicationCredential } {
  const { methods, password, token, application_credential: credential } = auth.identity;
  if (credential) {
    if (auth.scope) {
      throw new Refusal(
        401,
        'Error authenticating with application credential: Application credentials cannot request a scope.',
        { headers: refused.headers, details: { identity: {} } },
      );
    }
    const owner = credential.user && findUser(identity, credential.user);
    const found = [...identity.applicationCredentials.values()].find((each) =>
      credential.id === undefined
        ? each.name === credential.name && each.userId === owner?.id
        : each.id === credential.id,
    );
    const user = found && identity.users.get(found.userId);
    if (!user || found.secret !== credential.secret) throw refused;
    return { user, methods, applicationCredential: found };
  }
  if (token) {
    const parent = identity.token(token.id);
    if (!parent) throw refused;
    return { user: parent.user, methods: [...parent.methods, 'token'], parent };
  }
  if (!password) throw new Refusal(400, expecting('password', 'identity'));
  const user = findUser(identity, password.user);
  if (!user || user.password !== password.user.password) throw refused;
  return { user, methods };
}

/** The requested project; without one, the user's default project, if the user may enter it. */
function scope(identity: Identity, auth: Auth, user: User, refused: Refusal): Project | undefined {
  if (auth.scope === 'unscoped') return undefined;
  const wanted = auth.scope?.project;
  if (wanted) {
    const project = findProject(identity, wanted);
    if (!project) throw refused;
    return project;
  }
  const own = identity.projects.get(user.defaultProjectId ?? '');
  return own && mayEnter(identity, user, own) ? own : undefined;
}

function mayEnter(identity: Identity, user: User, project: Project): boolean {
  return (
    project.enabled &&
    identity.isDomainEnabled(project.domainId) &&
    identity.rolesOf(user, project).length > 0
  );
}

function findUser(identity: Identity, ref: z.infer<typeof UserRef>): User | undefined {
  if (ref.id !== undefined) return identity.users.get(ref.id);
  const domainId = domainOf(identity, ref.domain, 'user');
  return [...identity.users.values()].find((user) => user.name === ref.name && user.domainId === domainId);
}

function findProject(identity: Identity, ref: z.infer<typeof ProjectRef>): Project | undefined {
  if (ref.id !== undefined) return identity.projects.get(ref.id);
  const domainId = domainOf(identity, ref.domain, 'project');
  return [...identity.projects.values()].find(
    (project) => project.name === ref.name && project.domainId === domainId,
  );
}

function domainOf(
  identity: Identity,
  ref: z.infer<typeof DomainRef> | undefined,
  of: string,
): string | undefined {
  if (!ref) throw new Refusal(400, expecting('domain', of));
  return ref.id ?? identity.domains.find((domain) => domain.name === ref.name)?.id;
}

function expecting(what: string, where: string): string {
  return `Expecting to find ${what} in ${where}. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.`;
}

/** Keystone goes on to print its whole schema; the first line is what tells. */
function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const missing = parsed.error.issues[0]?.path.at(-1) ?? 'auth';
  throw new Refusal(400, `'${String(missing)}' is a required property`);
}
