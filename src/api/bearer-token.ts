import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { JwtPolicy } from '../runtime/jwt-policy.ts';

/** Whose clocks differ by no more than this understand each other. */
const leewayS = 30;

const Header = z.object({ alg: z.literal('HS256') });
/** The portal writes a number, or the same number as text. */
const Claims = z.object({
  exp: z.union([z.number(), z.string().regex(/^\d{1,15}$/)]).transform(Number),
  nbf: z.number().optional(),
  sub: z.unknown().optional(),
  scp: z.unknown().optional(),
});

export interface BearerTokenOptions {
  readonly policy: Exclude<JwtPolicy, { kind: 'off' }>;
  readonly isForClusterBuilder: boolean;
  /** ms since 1970 */
  readonly now: number;
}

/**
 * What is wrong with the header `Authorization: Bearer <JWT>`; undefined when nothing is: signed with the secret
 * (HS256), and not past its `exp`, without which it would be good for ever. The portal signs the tokens of its users
 * with the same secret: they name a user (`sub`) and a scope (`scp`), and speak for that user alone.
 */
export function bearerFault(
  authorization: string | undefined,
  { policy, isForClusterBuilder, now }: BearerTokenOptions,
): string | undefined {
  if (authorization === undefined) {
    return policy.kind === 'if-present' ? undefined : 'a bearer token (JWT) is needed';
  }
  if (/^(Bearer )?DUMMYTOKEN$/.test(authorization)) {
    if (policy.allowDummyToken && isForClusterBuilder) return undefined;
    return 'DUMMYTOKEN is what cluster builder 1.0.0 sends instead of a token; upgrade it to 1.1.0, or set api.allow_dummy_token';
  }
  const token = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/i.exec(authorization);
  if (!token) return 'a bearer token (JWT) is needed';
  const [, header = '', claims = '', signature = ''] = token;
  if (!Header.safeParse(jsonOf(header)).success) return 'the token is not signed by HS256';
  const expected = createHmac('sha256', policy.secret.reveal()).update(`${header}.${claims}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return 'the token is not signed with api.jwt_secret';
  }
  return faultOfClaims(jsonOf(claims), now / 1000);
}

/** @param now seconds since 1970 */
function faultOfClaims(claims: unknown, now: number): string | undefined {
  const parsed = Claims.safeParse(claims);
  if (!parsed.success) return 'the token does not say when it expires';
  const { exp, nbf = 0, sub, scp } = parsed.data;
  if (sub !== undefined || scp !== undefined) {
    return "the token is the sign-in of one of Concertim's users, which Concertim itself does not send";
  }
  if (exp + leewayS < now) return 'the token has expired';
  if (nbf - leewayS > now) return 'the token is not good yet';
  return undefined;
}

function jsonOf(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
