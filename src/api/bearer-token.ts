import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Secret } from '../runtime/secret.ts';

/** Whose clocks differ by no more than this understand each other. */
const leewayS = 30;

const Header = z.object({ alg: z.literal('HS256') });
/** The portal writes a number; its own logins carry the same number as text. */
const Claims = z.object({ exp: z.coerce.number().int(), nbf: z.coerce.number().optional() });

/**
 * What is wrong with the header `Authorization: Bearer <JWT>`; undefined when nothing is: signed with the secret
 * (HS256), and not past its `exp`, without which it would be good for ever.
 *
 * @param nowMs ms since 1970
 */
export function bearerFault(
  authorization: string | undefined,
  secret: Secret,
  nowMs: number,
): string | undefined {
  const token = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/i.exec(authorization ?? '');
  if (!token) return 'a bearer token (JWT) is needed';
  const [, header = '', claims = '', signature = ''] = token;
  if (!Header.safeParse(jsonOf(header)).success) return 'the token is not signed by HS256';
  const expected = createHmac('sha256', secret.reveal()).update(`${header}.${claims}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return 'the token is not signed with api.jwt_secret';
  }
  const parsed = Claims.safeParse(jsonOf(claims));
  if (!parsed.success) return 'the token does not say when it expires';
  const now = nowMs / 1000;
  if (parsed.data.exp + leewayS < now) return 'the token has expired';
  if ((parsed.data.nbf ?? 0) - leewayS > now) return 'the token is not good yet';
  return undefined;
}

function jsonOf(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
