import { hash } from 'node:crypto';
import type { ZodType } from 'zod';
import { notJson, parseJson, shapeProblem } from './body.ts';
import type { BodySink, HttpResponse } from './client.ts';
import { BodyError, ShapeError } from './errors.ts';
import type { RowMemory } from './row-memory.ts';
import { RowSplitter } from './row-splitter.ts';

/** Where the rows of a list stand in its JSON, and what they are. */
export interface ListShape<Row> {
  /** Of the object that the body is; undefined: the body is the list itself. */
  readonly field?: string;
  readonly row: ZodType<Row>;
}

/**
 * Objects, lists and fields in all: a portal of 50,000 devices gives three million. What they take in memory has no bound in
 * the bytes of the text: an empty object is three bytes there, and sixty here.
 */
const mostValues = 8_000_000;

/**
 * Reads a list row by row as it comes: neither its text, nor its JSON, nor the checked copies are ever there as a whole. The
 * answer's text is then the rest of it.
 */
export class ListBody<Row> implements BodySink {
  readonly #shape: ListShape<Row>;
  readonly #memory: RowMemory<Row> | undefined;
  readonly #read = new Map<string, Row>();
  #splitter: RowSplitter | undefined;
  #rows: Row[] = [];
  /** What was wrong with the first row that is not understood. */
  #problem: ((response: HttpResponse) => BodyError) | undefined;
  /** The rest need not be read. */
  #isTooMuch = false;

  constructor(shape: ListShape<Row>, memory?: RowMemory<Row>) {
    this.#shape = shape;
    this.#memory = memory;
  }

  begin(): void {
    this.#rows = [];
    this.#problem = undefined;
    this.#isTooMuch = false;
    this.#splitter = new RowSplitter(this.#shape.field, (row) => this.#take(row));
  }

  write(chunk: Buffer): boolean {
    this.#splitter?.write(chunk);
    this.#isTooMuch = (this.#splitter?.values ?? 0) > mostValues;
    return !this.#isTooMuch;
  }

  end(): string {
    return this.#splitter?.rest ?? '';
  }

  /**
   * The rows of this answer, the last that was read.
   *
   * @throws {BodyError} it is no such list, or names the first row that is not understood, with its field
   */
  rowsOf(response: HttpResponse): Row[] {
    if (this.#isTooMuch) throw new BodyError(response, `a list of more than ${mostValues} values`);
    const rest = parseJson(response);
    if (this.#problem) throw this.#problem(response);
    const { field } = this.#shape;
    const list = field === undefined ? rest : (rest as Record<string, unknown> | null)?.[field];
    // Not empty: a list stands where none was expected, or twice.
    if (Array.isArray(list) && list.length === 0) return this.#rows;
    throw new ShapeError(response, `an unexpected shape: ${field ?? 'body'}: expected one list`);
  }

  /** The whole list is read: the next reading goes by it. */
  remember(): void {
    this.#memory?.keep(this.#read);
  }

  #take(bytes: Buffer): void {
    if (this.#problem) return;
    const digest = this.#memory && hash('sha256', bytes, 'binary');
    const row = (digest !== undefined && this.#memory?.get(digest)) || this.#parse(bytes);
    if (row === undefined) return;
    if (digest !== undefined) this.#read.set(digest, row);
    this.#rows.push(row);
  }

  #parse(bytes: Buffer): Row | undefined {
    let json: unknown;
    try {
      json = JSON.parse(bytes.toString());
    } catch {
      this.#problem = notJson;
      return undefined;
    }
    const { field, row } = this.#shape;
    const parsed = row.safeParse(json);
    if (parsed.success) return parsed.data;
    const place = field === undefined ? [this.#rows.length] : [field, this.#rows.length];
    const problem = shapeProblem(parsed.error, place);
    this.#problem = (response) => new ShapeError(response, problem);
    return undefined;
  }
}
