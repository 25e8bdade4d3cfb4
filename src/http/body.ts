import type { ZodError, ZodType } from 'zod';
import type { HttpResponse } from './client.ts';
import { BodyError, ShapeError } from './errors.ts';

/**
 * The answer's JSON.
 *
 * @throws {BodyError} when it is none: cut short, HTML of a proxy, nothing
 */
export function parseJson(response: HttpResponse): unknown {
  try {
    return JSON.parse(response.text);
  } catch {
    throw notJson(response);
  }
}

/** Without the parser's own words: they quote the body, which may be somebody's password. */
export function notJson(response: HttpResponse): BodyError {
  if (response.text === '') return new BodyError(response, 'an empty body');
  return new BodyError(response, `${response.headers['content-type'] ?? 'a body'} that is not JSON`);
}

/**
 * The answer's JSON in the shape of `schema`, fields we do not use left aside.
 *
 * @throws {ShapeError} naming the field that is missing or of another type
 */
export function parseBody<T>(response: HttpResponse, schema: ZodType<T>): T {
  const parsed = schema.safeParse(parseJson(response));
  if (parsed.success) return parsed.data;
  throw new ShapeError(response, shapeProblem(parsed.error));
}

/** @param place where in the body the value is that was parsed */
export function shapeProblem({ issues: [issue] }: ZodError, place: readonly PropertyKey[] = []): string {
  const field = [...place, ...(issue?.path ?? [])].join('.') || 'body';
  return `an unexpected shape: ${field}: ${issue?.message ?? 'not understood'}`;
}
