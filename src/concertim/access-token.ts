import { z } from 'zod';
import { Secret } from '../runtime/secret.ts';

/** What the portal's answer to a sign-in gives. */
export interface AccessToken {
  readonly secret: Secret;
  /** How long it was good for when it was given, ms; undefined when it does not say. */
  readonly lifetimeMs: number | undefined;
}

/** The portal writes `exp` as a text, which libraries for JSON Web Tokens do not take; `iat` is a number. */
const Claims = z.object({
  iat: z.coerce.number().optional(),
  exp: z.coerce.number().optional(),
});

/** Reads `Authorization: Bearer <token>`; undefined when there is no such thing. Nothing is verified: the portal does that. */
export function readAccessToken(authorization: string | undefined): AccessToken | undefined {
  const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return undefined;
  const { iat, exp } = readClaims(token);
  return {
    secret: new Secret(token),
    lifetimeMs: iat === undefined || exp === undefined ? undefined : (exp - iat) * 1000,
  };
}

/** A token that is no JSON Web Token, or claims otherwise, is used as it is: a 401 will tell when it is over. */
function readClaims(token: string): z.infer<typeof Claims> {
  try {
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
    return Claims.parse(JSON.parse(payload));
  } catch {
    return {};
  }
}
