import type { ZodError, ZodType } from 'zod';
import type { HttpResponse } from './client.ts';
import { BodyError, ListShapeError, ShapeError } from './errors.ts';

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

/** Where the rows of a list stand in its JSON, and what they are. */
export interface ListShape<Row> {
  /** Field of the body that holds the list; undefined: the body is the list itself. */
  readonly field?: string;
  readonly row: ZodType<Row>;
}

/**
 * The rows of a short list: every one must parse.
 *
 * @throws {ListShapeError} there is no list
 * @throws {ShapeError} naming the first row that cannot be parsed, with its field
 */
export function parseRows<Row>(response: HttpResponse, { field, row }: ListShape<Row>): Row[] {
  refuseWebPage(response, field);
  return listIn(response, parseJson(response), field).map((each, at) => {
    const parsed = row.safeParse(each);
    if (parsed.success) return parsed.data;
    throw new ShapeError(response, shapeProblem(parsed.error, placeOf(field, at)));
  });
}

/** Where in the body a row is. */
export function placeOf(field: string | undefined, at: number): PropertyKey[] {
  return field === undefined ? [at] : [field, at];
}

/** @throws {ListShapeError} */
export function listIn(response: HttpResponse, body: unknown, field: string | undefined): unknown[] {
  const list = field === undefined ? body : (body as Record<string, unknown> | null)?.[field];
  if (Array.isArray(list)) return list;
  throw new ListShapeError(
    response,
    `an unexpected shape: expected ${inWords(field)}, found ${kindOf(body, field)}`,
  );
}

/**
 * Refuses the web page of a proxy, or of another application, that answers every request with HTML. Truncated
 * JSON is no web page.
 *
 * @throws {ListShapeError}
 */
export function refuseWebPage(response: HttpResponse, field: string | undefined): void {
  const isPage = /\bhtml\b/i.test(response.headers['content-type'] ?? '') || /^\s*</.test(response.text);
  if (isPage) throw new ListShapeError(response, `a web page: expected ${inWords(field)}`);
}

function inWords(field: string | undefined): string {
  return field === undefined ? 'a list' : `an object with one list "${field}"`;
}

const mostKeys = 5;

/** Names the keys only: the values may be private. */
function kindOf(body: unknown, field: string | undefined): string {
  if (body === null || typeof body !== 'object') return body === null ? 'null' : `a ${typeof body}`;
  if (Array.isArray(body)) return 'a list';
  const keys = Object.keys(body);
  if (field !== undefined && keys.includes(field)) return `something else as "${field}"`;
  const named = keys.slice(0, mostKeys).map((key) => JSON.stringify(key.slice(0, mostLetters)));
  const more = keys.length > mostKeys ? ` and ${keys.length - mostKeys} more` : '';
  return keys.length === 0 ? 'an empty object' : `an object with ${named.join(', ')}${more}`;
}

const mostLetters = 30;

/** @param place where in the body the value is that was parsed */
export function shapeProblem({ issues: [issue] }: ZodError, place: readonly PropertyKey[] = []): string {
  const field = [...place, ...(issue?.path ?? [])].join('.') || 'body';
  return `an unexpected shape: ${field}: ${issue?.message ?? 'not understood'}`;
}
