import { hash } from 'node:crypto';
import { type ListShape, listIn, notJson, parseJson, placeOf, refuseWebPage, shapeProblem } from './body.ts';
import type { BodySink } from './body-sink.ts';
import type { HttpResponse } from './client.ts';
import { BodyError, ListShapeError, ShapeError } from './errors.ts';
import { keptRow } from './kept-row.ts';
import type { RowMemory } from './row-memory.ts';
import { RowSplitter } from './row-splitter.ts';

/**
 * Objects, lists and fields in all: a portal of 50,000 devices gives three million. The size of the text does
 * not limit their memory: an empty object is three bytes of text and sixty in memory.
 */
const mostValues = 8_000_000;

/**
 * Reads a list row by row as it comes: neither its text, nor its JSON, nor the checked copies are ever there as a whole. The
 * answer's text is then the rest of it.
 */
export class ListBody<Row> implements BodySink {
  readonly #shape: ListShape<Row>;
  readonly #memory: RowMemory<Row> | undefined;
  readonly #onNew: ((row: Row) => void) | undefined;
  readonly #read = new Map<string, Row>();
  #splitter: RowSplitter | undefined;
  #rows: Row[] = [];
  /** What was wrong with the first row that could not be parsed. */
  #problem: ((response: HttpResponse) => BodyError) | undefined;
  /** The rest need not be read. */
  #isTooMuch = false;

  /** @param onNew called as soon as a row was read that the memory does not have; the list may still fail */
  constructor(shape: ListShape<Row>, memory?: RowMemory<Row>, onNew?: (row: Row) => void) {
    this.#shape = shape;
    this.#memory = memory;
    this.#onNew = onNew;
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
   * @throws {ListShapeError} it is not such a list
   * @throws {BodyError} it is truncated or too long, or a row cannot be parsed; then it names the first such
   * row, with its field
   */
  rowsOf(response: HttpResponse): Row[] {
    if (this.#isTooMuch) throw new BodyError(response, `a list of more than ${mostValues} values`);
    const { field } = this.#shape;
    refuseWebPage(response, field);
    const rest = parseJson(response);
    if (this.#problem) throw this.#problem(response);
    // Not empty: a list stands where none was expected.
    const isOne = listIn(response, rest, field).length === 0 && (this.#splitter?.lists ?? 0) <= 1;
    if (isOne) return this.#rows;
    throw new ListShapeError(response, `an unexpected shape: expected one list "${field}", found several`);
  }

  /** The whole list is read: the next reading goes by it. */
  remember(): void {
    this.#memory?.keep(this.#read);
  }

  #take(bytes: Buffer): void {
    if (this.#problem) return;
    const digest = this.#memory && hash('sha256', bytes, 'binary');
    const known = digest === undefined ? undefined : this.#memory?.get(digest);
    const row = known ?? this.#parse(bytes);
    if (row === undefined) return;
    if (known === undefined) this.#onNew?.(row);
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
    if (parsed.success) return this.#memory ? keptRow(parsed.data, this.#rows.at(-1)) : parsed.data;
    const problem = shapeProblem(parsed.error, placeOf(field, this.#rows.length));
    this.#problem = (response) => new ShapeError(response, problem);
    return undefined;
  }
}
