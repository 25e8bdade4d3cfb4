import type { HttpResponse } from '../http/client.ts';
import { BodyError } from '../http/errors.ts';
import type { ServiceType } from './catalog.ts';
import { openStackError } from './errors.ts';
import type { Session, SessionRequest } from './session.ts';
import type { Links } from './wire/link.ts';

/** One page of a list, read. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly links: Links;
}

/**
 * A list to its end, each id once. The list may shift between two pages: a row that comes twice counts as it came
 * last. Without its every page there is no list.
 *
 * @throws {OpenStackError} a page was refused; transient when the page before promised it
 * @throws {BodyError} a page is not understood, or leads back to one that was read
 */
export async function readPages<Row extends { readonly id: string }>(
  session: Session,
  service: ServiceType,
  request: SessionRequest,
  read: (response: HttpResponse) => Page<Row>,
): Promise<{ rows: Row[]; at: number }> {
  const rows = new Map<string, Row>();
  const followed = new Set<string>();
  let response = await session.request(service, request);
  const { at } = response;
  for (;;) {
    const page = read(response);
    for (const row of page.rows) rows.set(row.id, row);
    const next = page.links.find((link) => link.rel === 'next')?.href;
    if (next === undefined) return { rows: [...rows.values()], at };
    if (followed.has(next)) throw new BodyError(response, 'a next page that was read already');
    followed.add(next);
    response = await session.follow(service, next, { ...request, accept: [400, 404] });
    if (response.status >= 300) {
      throw openStackError(response, {
        severity: 'transient',
        hint: 'The list probably changed while it was read; read again it should be whole.',
      });
    }
  }
}
