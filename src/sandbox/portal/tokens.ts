import { createHmac, timingSafeEqual } from 'node:crypto';
import { unauthorized } from './refusal.ts';

export interface TokenClaims {
  readonly sub: string;
  readonly scp: string;
  readonly iat: number;
  /** Seconds since 1970, as a text: so the portal writes it. */
  readonly exp: string | number;
  readonly jti: string;
}

/** Of the token that the portal itself shows to its companion. */
export type CallClaims = Pick<TokenClaims, 'iat' | 'jti'> & { readonly exp: number };

/** A JSON Web Token, HS256, as the portal gives at sign-in, and shows to its companion. */
export function signToken(claims: TokenClaims | CallClaims, secret: string): string {
  const head = `${part({ alg: 'HS256' })}.${part(claims)}`;
  return `${head}.${signature(head, secret)}`;
}

/**
 * Whom a token is for, and its own id, where it has one: the metric daemon needs none.
 *
 * @throws {Refusal} 401 with the texts of the portal's library
 */
export function verifyToken(
  token: string,
  secret: string,
  now: number,
): Pick<TokenClaims, 'sub'> & Partial<Pick<TokenClaims, 'jti'>> {
  const [header, payload, given, ...more] = token.split('.');
  if (header === undefined || payload === undefined || given === undefined || more.length > 0) {
    throw unauthorized('Not enough or too many segments');
  }
  const claims = readPart(payload);
  readPart(header);
  const expected = Buffer.from(signature(`${header}.${payload}`, secret));
  const actual = Buffer.from(given);
  if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) {
    // After a wrong signature the portal's library tries an earlier secret; with none it answers with these words.
    throw unauthorized('No verification key available');
  }
  if (claims.exp !== undefined && Number(claims.exp) * 1000 <= now)
    throw unauthorized('Signature has expired');
  return { sub: String(claims.sub), ...(claims.jti !== undefined && { jti: claims.jti }) };
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function readPart(text: string): Partial<TokenClaims> {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as Partial<TokenClaims>;
  } catch {
    throw unauthorized('Invalid segment encoding');
  }
}

function signature(head: string, secret: string): string {
  return createHmac('sha256', secret).update(head).digest('base64url');
}
