const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
/** The most bytes that the key of the list takes, with the white space around it. */
const keyLength = 256;

/**
 * Splits the JSON of a list into its rows while the bytes come, so that a list is never held as a whole. What is no row is
 * the rest, in which the list is empty: `{"servers":[],"servers_links":[…]}`.
 *
 * It reads only quotes, brackets and commas. Where these are wrong, a row or the rest is not JSON, so that parsing them
 * all finds every error of the whole.
 */
export class RowSplitter {
  readonly #onRow: (row: Buffer) => void;
  /** What stands before the list; undefined: nothing, the list is the whole text. */
  readonly #before: RegExp | undefined;
  readonly #rest: Buffer[] = [];
  /** What earlier chunks have of the row that is being read. */
  readonly #begun: Buffer[] = [];
  #depth = 0;
  #values = 0;
  #lists = 0;
  #place: 'before the list' | 'in the list' | 'behind the list' = 'before the list';
  #isFirstRow = true;
  #isInText = false;
  #isEscaped = false;

  /** @param field of the object that the text is, of letters and such; undefined: the text is the list itself */
  constructor(field: string | undefined, onRow: (row: Buffer) => void) {
    this.#onRow = onRow;
    // Within a text a quote has a backslash before it, so this is a key and nothing else.
    this.#before = field === undefined ? undefined : new RegExp(`[{,]\\s*"${field}"\\s*:\\s*$`);
  }

  write(chunk: Buffer): void {
    /** Where the row, or the part of the rest, begins that is being read. */
    let from = 0;
    // Read once: looked up for every byte, it took a fifth of the time.
    const { length } = chunk;
    const listDepth = this.#before ? 2 : 1;
    for (let at = 0; at < length; at++) {
      if (this.#isInText) {
        at = this.#skipText(chunk, at);
        continue;
      }
      switch (chunk[at] as number) {
        case quote:
          this.#isInText = true;
          break;
        case openBrace:
          this.#values++;
          this.#depth++;
          break;
        case openBracket:
          this.#values++;
          this.#depth++;
          if (this.#depth !== listDepth || this.#place === 'in the list') break;
          if (!this.#isListAhead(chunk.subarray(from, at))) break;
          this.#lists++;
          if (this.#place === 'before the list') {
            this.#rest.push(chunk.subarray(from, at + 1));
            from = at + 1;
            this.#place = 'in the list';
          }
          break;
        case comma:
          this.#values++;
          if (this.#depth === listDepth && this.#place === 'in the list') {
            this.#endRow(chunk.subarray(from, at));
            from = at + 1;
          }
          break;
        case closeBrace:
        case closeBracket:
          if (this.#depth === listDepth && this.#place === 'in the list') {
            this.#endList(chunk.subarray(from, at));
            from = at;
          }
          this.#depth--;
          break;
        default:
      }
    }
    if (from < chunk.length)
      (this.#place === 'in the list' ? this.#begun : this.#rest).push(chunk.subarray(from));
  }

  /** How many objects, lists and further members of them were seen, of rows and rest. */
  get values(): number {
    return this.#values;
  }

  /** How often the list was there: where JSON has a key twice, only the first is read. */
  get lists(): number {
    return this.#lists;
  }

  /** All but the rows, once all is written. In a list that was cut short the row that was begun is missing. */
  get rest(): string {
    return Buffer.concat(this.#rest).toString();
  }

  /** @returns where the text ends; behind the chunk when it does not */
  #skipText(chunk: Buffer, begin: number): number {
    const { length } = chunk;
    let at = begin;
    if (this.#isEscaped) {
      this.#isEscaped = false;
      at++;
    }
    for (; at < length; at++) {
      const byte = chunk[at];
      if (byte === quote) {
        this.#isInText = false;
        return at;
      }
      if (byte === backslash && ++at === length) this.#isEscaped = true;
    }
    return at;
  }

  #isListAhead(upToHere: Buffer): boolean {
    if (!this.#before) return true;
    // Of what may be many megabytes of other lists only the end is looked at, each time.
    const parts = upToHere.length < keyLength ? [...this.#rest.slice(-keyLength), upToHere] : [upToHere];
    const end = Buffer.concat(parts.map((part) => part.subarray(-keyLength)));
    return this.#before.test(end.toString('latin1'));
  }

  #endRow(end: Buffer): void {
    const row = this.#begun.length === 0 ? end : Buffer.concat([...this.#begun, end]);
    this.#begun.length = 0;
    this.#isFirstRow = false;
    this.#onRow(row);
  }

  /** The only row of an empty list is no row. */
  #endList(end: Buffer): void {
    const isEmpty = this.#isFirstRow && isBlank(Buffer.concat([...this.#begun, end]));
    if (!isEmpty) this.#endRow(end);
    this.#begun.length = 0;
    this.#place = 'behind the list';
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09);
}
