import type { ZodType } from 'zod';
import type { HttpResponse } from './client.ts';
import { BodyError } from './errors.ts';

/**
 * The answer's JSON.
 *
 * @throws {BodyError} when it is none: cut short, HTML of a proxy, nothing
 */
export function parseJson(response: HttpResponse): unknown {
  try {
    return JSON.parse(response.text);
  } catch {
    // The parser's own words quote the body, which may be somebody's password.
    const what =
      response.text === ''
        ? 'an empty body'
        : `${response.headers['content-type'] ?? 'a body'} that is not JSON`;
    throw new BodyError(response, what);
  }
}

/**
 * The answer's JSON in the shape of `schema`, fields we do not use left aside.
 *
 * @throws {BodyError} naming the field that is missing or of another type
 */
export function parseBody<T>(response: HttpResponse, schema: ZodType<T>): T {
  const parsed = schema.safeParse(parseJson(response));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') || 'body';
  throw new BodyError(response, `an unexpected shape: ${field}: ${issue?.message ?? 'not understood'}`);
}
