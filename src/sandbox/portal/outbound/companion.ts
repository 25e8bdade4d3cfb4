import { request } from 'undici';
import { z } from 'zod';
import type { Portal } from '../portal.ts';
import { signToken } from '../tokens.ts';
import { type OutboundRules, outboundRules } from './outbound-rules.ts';

/** An answer with a status below 300. */
export interface Reply {
  readonly status: number;
  /** Parsed; undefined where it is not said to be JSON. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

/** The companion's request failed. The message is what the portal shows of it. */
export class CompanionError extends Error {
  /** undefined: there was no answer. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

/** An answer that the portal's page does not survive: its user sees the page for status 500. */
export class PageCrash extends Error {}

export interface CompanionCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** undefined: none is sent, nor a content type. */
  readonly body?: unknown;
  /** Instead of the portal's own token. */
  readonly authorization?: string;
}

const ErrorBody = z.object({ message: z.string() });

/** The companion's API, as a portal's jobs and pages call it. */
export class Companion {
  readonly #portal: Portal;

  constructor(portal: Portal) {
    this.#portal = portal;
  }

  get #rules(): OutboundRules {
    return outboundRules[this.#portal.release];
  }

  /**
   * Sends one call; nothing is repeated.
   *
   * @throws {CompanionError | PageCrash}
   */
  async call({ method, path, body, authorization }: CompanionCall): Promise<Reply> {
    const { companionUrl, clock } = this.#portal;
    if (companionUrl === undefined) throw new CompanionError('no service is there to ask: npm start has one');
    const tooLate = new AbortController();
    const answered = new AbortController();
    const timer = clock.sleep(this.#rules.timeoutMs, answered.signal).then(
      () => tooLate.abort(),
      () => {},
    );
    try {
      const answer = await request(addressOf(companionUrl, path), {
        method,
        headers: this.#headers(body, authorization),
        body: body === undefined ? null : JSON.stringify(body),
        signal: tooLate.signal,
      });
      const text = await answer.body.text();
      return replyOf(answer.statusCode, String(answer.headers['content-type'] ?? ''), text);
    } catch (error) {
      if (error instanceof CompanionError || error instanceof PageCrash) throw error;
      throw new CompanionError(tooLate.signal.aborted ? 'execution expired' : String(error));
    } finally {
      answered.abort();
      await timer;
    }
  }

  #headers(body: unknown, authorization: string | undefined): Record<string, string> {
    const token = authorization ?? (this.#rules.isSigned ? `Bearer ${this.#token()}` : undefined);
    return {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: token }),
    };
  }

  #token(): string {
    const iat = Math.floor(this.#portal.clock.now() / 1000);
    return signToken({ iat, exp: iat + 60, jti: this.#portal.uuid() }, this.#portal.secret);
  }
}

/** Some calls append their path to that of the base URL, slash or not; the others put it in its place. */
const appended = /^\/(create_user_project|user|team|team_role|update_status\/.*)$/;

function addressOf(base: string, path: string): string {
  return appended.test(path) ? base + path : new URL(path, base).href;
}

function replyOf(status: number, contentType: string, text: string): Reply {
  const isJson = contentType.includes('json') && text !== '';
  const body = isJson ? jsonOf(text) : undefined;
  if (status < 300) return { status, body: body as Reply['body'] };
  if (Array.isArray(body)) throw new PageCrash('no implicit conversion of String into Integer');
  const { data } = ErrorBody.safeParse(body);
  throw new CompanionError(data?.message ?? `the server responded with status ${status}`, status);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PageCrash('the answer is said to be JSON, and is not');
  }
}
