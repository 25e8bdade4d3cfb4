import { ageOf, type Clock } from '../runtime/clock.ts';
import type { HttpResponse } from './client.ts';
import { BodyError } from './errors.ts';

/** A page may be empty or old where the list has shifted; the next one is not, unless the list has no end. */
const mostIdlePages = 3;
/** A thousand rows a page are usual, two hundred thousand more than any cloud has. */
const mostRows = 200_000;
/** Some services return twenty rows a page, whatever limit was requested. */
const mostPages = 10_000;
/** The largest cloud is read in two minutes. */
const mostMs = 15 * 60_000;

/**
 * Limits a list that is read page by page, from any service: a list that does not end is an error, and is not
 * read forever.
 */
export class PageCount {
  #pages = 0;
  #rows = 0;
  #idlePages = 0;
  readonly #clock: Clock;
  readonly #beganAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#beganAt = clock.now();
  }

  /**
   * Counts a page that promises another one.
   *
   * @param rows how many different rows were read up to here
   * @throws {BodyError} when the list is not going to end
   */
  turn(response: HttpResponse, rows: number): void {
    this.#pages++;
    this.#idlePages = rows > this.#rows ? 0 : this.#idlePages + 1;
    this.#rows = rows;
    if (this.#idlePages >= mostIdlePages) {
      throw new BodyError(response, `a next page again and again, and ${mostIdlePages} without a new row`);
    }
    if (rows > mostRows) throw new BodyError(response, `more than ${mostRows} rows in pages`);
    if (ageOf(this.#beganAt, this.#clock.now()) > mostMs) {
      throw new BodyError(response, `a next page still after ${mostMs / 60_000} minutes`);
    }
    if (this.#pages >= mostPages) throw new BodyError(response, `more than ${mostPages} pages`);
  }
}
