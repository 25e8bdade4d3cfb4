/**
 * Pages as a broken or hostile service gives them: links in circles, to pages that were read, to other hosts, to nothing; pages without
 * rows, or with those of before. A list is whole, or it is an error; it is never cut short in silence, and never read without end.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defaultRetryPolicy } from '../../src/http/retry.ts';
import type { PagedShape } from '../../src/openstack/paging.ts';
import { readPages } from '../../src/openstack/paging.ts';
import { ServiceError } from '../../src/runtime/severity.ts';
import { fuzzRuns } from '../support/fuzz-runs.ts';
import { SmallCloud } from '../support/small-cloud.ts';

/** Few enough that links often lead to the same page. */
const mostPages = 12;

const next = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('next' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('page' as const), at: fc.nat(mostPages) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('odd' as const),
      href: fc.oneof(fc.string(), fc.webUrl(), fc.constantFrom('', '//', '../..', 'file:///etc/passwd')),
    }),
  },
);
const page = fc.record({
  ids: fc.array(fc.nat(40).map(String), { maxLength: 6 }),
  next,
  status: fc.oneof({ weight: 30, arbitrary: fc.constant(200) }, fc.constantFrom(204, 302, 400, 404, 500)),
});
type Page = typeof page extends fc.Arbitrary<infer Value> ? Value : never;

const rows: PagedShape<{ id: string }> = {
  field: 'servers',
  row: z.object({ id: z.string() }),
  links: 'servers_links',
};

/** The ids of the list that the links lead through; undefined where it has no end, or one page is invalid. */
function followed(pages: readonly Page[]): Set<string> | undefined {
  const ids = new Set<string>();
  const read = new Set<number>();
  for (let at = 0; ; ) {
    const found = pages[at];
    if (!found || found.status !== 200 || read.has(at)) return undefined;
    read.add(at);
    for (const id of found.ids) ids.add(id);
    if (found.next.kind === 'end') return ids;
    if (found.next.kind === 'odd') return undefined;
    at = found.next.kind === 'next' ? at + 1 : found.next.at;
  }
}

test('pages of every kind are the whole list or an error, after few requests', async (context) => {
  const runs = fuzzRuns(context, 'paging', 3_000);
  let pages: readonly Page[] = [];
  let requests = 0;
  await using cloud = await SmallCloud.start({
    routes: (app) =>
      void app.get('/compute/*', (request, reply) => {
        requests++;
        const at = Number(new URL(request.url, 'http://cloud').searchParams.get('page') ?? 0);
        const found = pages[at];
        if (!found) return reply.code(404).send({});
        const { ids, next: link, status } = found;
        const to = link.kind === 'next' ? at + 1 : link.kind === 'page' ? link.at : undefined;
        const href = link.kind === 'odd' ? link.href : `http://inside.invalid/v2.1/servers?page=${to}`;
        return reply.code(status).send({
          servers: ids.map((id) => ({ id })),
          ...(link.kind !== 'end' && { servers_links: [{ rel: 'next', href }] }),
        });
      }),
  });
  const session = cloud.session({ retry: { ...defaultRetryPolicy, tries: 1 } });
  const read = () =>
    readPages(session, 'compute', { method: 'GET', path: '/servers', route: '/servers' }, rows);

  const outcomes = { whole: 0, inPages: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(page, { minLength: 1, maxLength: mostPages }), async (given) => {
      pages = given;
      requests = 0;
      const outcome = await read().catch((error: unknown) => error);

      expect(requests).toBeLessThanOrEqual(mostPages + 2);
      if (outcome instanceof Error) {
        expect(outcome).toBeInstanceOf(ServiceError);
        outcomes.refused++;
        return;
      }
      const { rows: found } = outcome as Awaited<ReturnType<typeof read>>;
      expect(new Set(found.map(({ id }) => id))).toEqual(followed(given));
      expect(found).toHaveLength(new Set(found.map(({ id }) => id)).size);
      outcomes.whole++;
      if (requests > 2) outcomes.inPages++;
    }),
    runs,
  );

  expect(Math.min(outcomes.inPages, outcomes.refused)).toBeGreaterThan(runs.numRuns / 20);
});
