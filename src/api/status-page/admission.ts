import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Secret } from '../../runtime/secret.ts';
import { Problem } from '../problem.ts';

const cookieName = 'concertim_ui';

/**
 * Who may see the status page: with a token, everybody who has it; without one, who sits at this machine.
 *
 * A browser gives the token once and gets a cookie for it, which is good until the process ends.
 */
export class Admission {
  readonly #token: Secret | undefined;
  readonly #cookie: string;

  constructor(token: Secret | undefined) {
    this.#token = token;
    this.#cookie = createHmac('sha256', randomBytes(32))
      .update(token?.reveal() ?? '')
      .digest('base64url');
  }

  /**
   * @param hasToken the token came with the request
   * @throws {Problem} 401: the token is needed; 403: this machine alone may look, or another site asks
   */
  check(request: FastifyRequest, hasToken = false): void {
    const site = request.headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none') {
      throw new Problem(403, 'Requests from pages of other sites are refused.');
    }
    if (this.#token === undefined) return mustBeLocal(request);
    const { cookie = '' } = request.headers;
    const [, given] = new RegExp(`(?:^|; )${cookieName}=([\\w-]+)`).exec(cookie) ?? [];
    if (hasToken || isSame(given, this.#cookie)) return;
    throw new Problem(401, 'The status page needs the token of api.ui_token.', {
      'www-authenticate': 'Bearer',
    });
  }

  /** The token that a program sends; undefined: it sends none, or this machine alone may look and none is needed. */
  bearerOf({ headers }: FastifyRequest): string | undefined {
    if (this.#token === undefined) return undefined;
    return /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  }

  /** Whether it is the token. */
  takes(text: string | undefined): boolean {
    return this.#token !== undefined && isSame(text, this.#token.reveal());
  }

  /** What a browser that gave the token is to send from now on. */
  cookie(isSecure: boolean): string {
    return `${cookieName}=${this.#cookie}; Path=/ui; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
  }
}

const loopback = /^(?:::ffff:)?127\.|^::1$/;
const localNames = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/i;

/**
 * A request through a proxy on this machine, or to a foreign name that resolves to this machine (DNS rebinding), arrives from
 * loopback too: the headers tell both from a local one.
 */
function mustBeLocal({ socket, headers }: FastifyRequest): void {
  const isForwarded = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined;
  const isLocal = loopback.test(socket.remoteAddress ?? '') && localNames.test(headers.host ?? '');
  if (isLocal && !isForwarded) return;
  throw new Problem(
    403,
    'The status page is served to this machine alone. Set api.ui_token to open it to others.',
  );
}

function isSame(given: string | undefined, expected: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'compare').update(text).digest();
  return given !== undefined && timingSafeEqual(digest(given), digest(expected));
}
