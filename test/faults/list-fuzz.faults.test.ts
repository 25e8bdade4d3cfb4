/** Lists as a broken or hostile service gives them, in chunks of any size: rows, or an error that says what is wrong. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { HttpClient } from '../../src/http/client.ts';
import { ListBody } from '../../src/http/list-body.ts';
import { ServiceError } from '../../src/runtime/severity.ts';
import { fuzzRuns } from '../support/fuzz-runs.ts';
import { listen } from '../support/listen.ts';
import { watchDefects } from '../support/watch-defects.ts';

const defects = watchDefects();

const row = z.object({ id: z.number() });
const rows = fc.array(fc.record({ id: fc.integer(), name: fc.string({ unit: 'binary' }) }));
const json = fc.oneof(
  fc.json(),
  rows.map((all) => JSON.stringify(all)),
  fc
    .tuple(fc.jsonValue(), rows, fc.jsonValue())
    .map(([before, all, behind]) => JSON.stringify({ before, rows: all, behind })),
  fc.tuple(rows, rows).map(([all, more]) => `{"rows":${JSON.stringify(all)},"rows":${JSON.stringify(more)}}`),
);
const answer = fc
  .record({
    whole: json,
    cut: fc.option(fc.nat(), { nil: undefined }),
    more: fc.constantFrom('', ']', ',', '{', '"', '\\', '\u0000', ']}'),
  })
  .map(({ whole, cut, more }) =>
    cut === undefined ? whole : whole.slice(0, cut % (whole.length + 1)) + more,
  );

test('lists of every shape, cut and torn, are rows or an error that says what is wrong', async (context) => {
  const runs = fuzzRuns(context, 'lists', 5_000);
  let bytes = Buffer.alloc(0);
  let chunk = 1;
  await using server = await listen((_, response) => {
    response.writeHead(200);
    for (let at = 0; at < bytes.length; at += chunk) response.write(bytes.subarray(at, at + chunk));
    response.end();
  });
  const client = new HttpClient({ service: 'Concertim' });
  const outcomes = { lists: 0, refused: 0 };

  const drawn = fc.asyncProperty(
    answer,
    fc.constantFrom('', 'rows'),
    fc.constantFrom(1, 3, 100_000),
    async (text, field, size) => {
      bytes = Buffer.from(text);
      chunk = Math.max(size, bytes.length / 200);
      const into = new ListBody({ ...(field && { field }), row });
      const response = await client.request({ method: 'GET', url: server.url, route: '/', into });
      let read: unknown[];
      try {
        read = into.rowsOf(response);
      } catch (error) {
        expect(error).toBeInstanceOf(ServiceError);
        outcomes.refused++;
        return;
      }
      const whole = JSON.parse(text);
      expect(read).toEqual(z.array(row).parse(field ? whole[field] : whole));
      outcomes.lists++;
    },
  );
  await fc.assert(drawn, runs);
  await client.close();

  expect(Math.min(outcomes.lists, outcomes.refused)).toBeGreaterThan(runs.numRuns / 40);
  expect(defects()).toEqual([]);
}, 300_000);
