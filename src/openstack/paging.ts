import { z } from 'zod';
import { type ListShape, parseBody } from '../http/body.ts';
import { BodyError } from '../http/errors.ts';
import { ListBody } from '../http/list-body.ts';
import { PageCount } from '../http/page-count.ts';
import type { RowMemory } from '../http/row-memory.ts';
import type { ServiceType } from './catalog.ts';
import { openStackError } from './errors.ts';
import type { Session, SessionRequest } from './session.ts';
import { Links } from './wire/link.ts';

/** A list in pages. */
export interface PagedShape<Row> extends ListShape<Row> {
  readonly field: string;
  /** Beside the rows: where the link to the next page is. */
  readonly links: string;
}

export interface PageOptions<Row> {
  readonly memory?: RowMemory<Row> | undefined;
  readonly onNew?: ((row: Row) => void) | undefined;
}

/**
 * A list to its end, each id once. The list may shift between two pages: a row that comes twice counts as it came
 * last. Without its every page there is no list.
 *
 * @param options.memory where the list is read again and again: its rows as they were the last time
 * @param options.onNew called with each row that differs from the last time, as soon as it was read; the list may still fail
 * @throws {OpenStackError} a page was refused; transient when the page before promised it
 * @throws {BodyError} a page cannot be parsed, or links back to one that was read
 */
export async function readPages<Row extends { readonly id: string }>(
  session: Session,
  service: ServiceType,
  request: SessionRequest,
  shape: PagedShape<Row>,
  { memory, onNew }: PageOptions<Row> = {},
): Promise<{ rows: Row[]; at: number }> {
  const rows = new Map<string, Row>();
  const followed = new Set<string>();
  const pages = new PageCount(session.clock);
  const into = new ListBody(shape, memory, onNew);
  const Rest = z.object({ [shape.links]: Links.default([]) });
  let response = await session.request(service, { ...request, into });
  const { at } = response;
  for (;;) {
    const page = into.rowsOf(response);
    for (const row of page) rows.set(row.id, row);
    const links = parseBody(response, Rest)[shape.links];
    const next = links?.find((link) => link.rel === 'next')?.href;
    if (next === undefined) {
      into.remember();
      return { rows: [...rows.values()], at };
    }
    if (followed.has(next)) throw new BodyError(response, 'a next page that was read already');
    followed.add(next);
    pages.turn(response, rows.size);
    response = await session.follow(service, next, { ...request, accept: [400, 404], into });
    if (response.status >= 300) {
      throw openStackError(response, {
        severity: 'transient',
        hint: 'The list probably changed while it was read; read again it should be whole.',
      });
    }
  }
}
