import type { FastifyReply, FastifyRequest } from 'fastify';
import { isObject } from '../../runtime/is-object.ts';
import { answer, redirect, refuse } from './answers.ts';
import { readParameters } from './parameters.ts';
import type { Portal, UserRow } from './portal.ts';
import { Refusal, unauthorized } from './refusal.ts';
import { signToken, verifyToken } from './tokens.ts';
import { signInBody } from './users.ts';

export const notSignedIn = 'You need to sign in or sign up before continuing.';

/** A request that does not accept JSON is taken for a person's and redirected to the page for signing in. */
export function refuseVisitor(
  { rules }: Portal,
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
): FastifyReply {
  if (wantsJson(request)) return refuse(reply, refusal);
  return redirect(reply, 302, `${request.protocol}://${request.host}${rules.accountsPath}/sign_in`);
}

function wantsJson({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('application/json') ?? false;
}

/** @throws {Refusal} 401 also where the release has a list of tokens, and this one is not on it */
function subjectOf(portal: Portal, token: string): string {
  const { sub, jti } = verifyToken(token, portal.secret, portal.clock.now());
  if (jti === undefined) throw unauthorized('Missing jti');
  if (portal.rules.allowList && !portal.allowedTokens.has(jti)) throw unauthorized('revoked token');
  return sub;
}

/** Who sends a request, or why that is not known. */
export function authenticate(portal: Portal, { headers }: FastifyRequest): UserRow | Refusal {
  const token = bearerIn(headers);
  if (token === undefined) return unauthorized(notSignedIn);
  try {
    const user = portal.users.get(portal.ids.read(subjectOf(portal, token)));
    if (!user) return unauthorized('nil user');
    return user.deleted_at === null ? user : unauthorized('revoked token');
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function bearerIn({ authorization }: FastifyRequest['headers']): string | undefined {
  return /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
}

/** Takes the request's token off the list of allowed tokens; in releases without a list it stays valid. */
export function signOut(portal: Portal, { headers }: FastifyRequest): void {
  try {
    const { jti } = verifyToken(bearerIn(headers) ?? '', portal.secret, portal.clock.now());
    if (jti !== undefined) portal.allowedTokens.delete(jti);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}

/**
 * Signs in; where people sign in at `/users`, a token comes only with the path that ends in `.json`. The portal's own takes up to a second for its password
 * hash, this one compares.
 */
export function signIn(portal: Portal, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { all } = readParameters(request.headers['content-type'], request.body);
  const { login, password } = isObject(all['user']) ? all['user'] : {};
  if (!login || !password) return refuse(reply, unauthorized(notSignedIn));
  const user = portal.users
    .all()
    .find((row) => row.login === login && row.password === password && row.deleted_at === null);
  if (!user) return refuse(reply, unauthorized('Invalid Login or password.'));
  const isJsonPath = request.url.split('?')[0]?.endsWith('.json') ?? false;
  const givesToken = isJsonPath || portal.rules.accountsPath === '/accounts';
  if (givesToken) reply.header('authorization', `Bearer ${newToken(portal, user)}`);
  if (!isJsonPath && !wantsJson(request)) {
    return redirect(reply, 303, `${request.protocol}://${request.host}/`);
  }
  return answer(reply.header('location', '/'), 201, JSON.stringify(signInBody(portal, user)));
}

function newToken(portal: Portal, user: UserRow): string {
  const iat = Math.floor(portal.clock.now() / 1000);
  const exp = String(iat + Math.floor(portal.tokenLifetimeMs / 1000));
  const jti = portal.uuid();
  if (portal.rules.allowList) portal.allowedTokens.add(jti);
  const sub = String(portal.ids.show('user', user.id));
  return signToken({ sub, scp: 'user', iat, exp, jti }, portal.secret);
}
