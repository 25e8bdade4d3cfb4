import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from './refusal.ts';
import { verifyToken } from './tokens.ts';

/**
 * Why the metric daemon does not take a request's token, in its words; undefined when it does. It looks at the signature and
 * the times, with no allowance for clocks that differ, and not at whose token it is.
 */
export function refusalOfToken(
  { authorization, cookie }: IncomingHttpHeaders,
  secret: string,
  now: number,
): string | undefined {
  const token =
    /^bearer (.+)$/i.exec(authorization ?? '')?.[1] ?? /(?:^|; )jwt=([^;]+)/.exec(cookie ?? '')?.[1];
  if (token === undefined) return 'no token found';
  const { alg } = partOf(token, 0);
  if (alg !== 'HS256') return 'token is unauthorized';
  try {
    // Its time is looked at below.
    verifyToken(token, secret, 0);
  } catch (error) {
    if (error instanceof Refusal) return 'token is unauthorized';
    throw error;
  }
  const { exp, iat, nbf } = partOf(token, 1);
  if (exp !== undefined && Number(exp) * 1000 <= now) return 'token is expired';
  if (iat !== undefined && Number(iat) * 1000 > now) return 'token iat validation failed';
  if (nbf !== undefined && Number(nbf) * 1000 > now) return 'token nbf validation failed';
  return undefined;
}

function partOf(token: string, index: number): Readonly<Record<string, unknown>> {
  try {
    const text = Buffer.from(token.split('.')[index] ?? '', 'base64url').toString();
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
