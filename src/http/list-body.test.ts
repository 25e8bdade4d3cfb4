import { expect, test } from 'vitest';
import { z } from 'zod';
import type { HttpResponse } from './client.ts';
import { ListBody } from './list-body.ts';
import { RowMemory } from './row-memory.ts';

interface Row {
  readonly id: string;
  readonly size: number;
}
const shape = { field: 'servers', row: z.object({ id: z.string(), size: z.number() }) };

/** What is read of an answer with that body. */
function read(body: ListBody<Row>, text: string): Row[] {
  body.begin();
  body.write(Buffer.from(text));
  return body.rowsOf(answer(body.end()));
}

const answer = (text: string): HttpResponse => ({
  service: 'Nova',
  method: 'GET',
  url: 'http://nova/servers',
  status: 200,
  headers: { 'content-type': 'application/json' },
  text,
  at: 0,
});

const listOf = (...rows: Row[]) => JSON.stringify({ servers: rows, servers_links: [] });

test('a row that has not changed is the same object as in the last list, and not checked again', () => {
  const memory = new RowMemory<Row>();
  let checked = 0;
  const row = shape.row.refine(() => ++checked);
  const once = (text: string) => {
    const body = new ListBody({ field: 'servers', row }, memory);
    const rows = read(body, text);
    body.remember();
    return rows;
  };
  const first = once(listOf({ id: 'a', size: 1 }, { id: 'b', size: 1 }));
  checked = 0;

  const second = once(listOf({ id: 'b', size: 1 }, { id: 'c', size: 1 }, { id: 'a', size: 2 }));

  expect(second).toEqual([
    { id: 'b', size: 1 },
    { id: 'c', size: 1 },
    { id: 'a', size: 2 },
  ]);
  expect(second[0]).toBe(first[1]);
  expect(second.every(Object.isFrozen)).toBe(true);
  expect(checked).toBe(2);
});

test('no more is remembered than the last whole list', () => {
  const memory = new RowMemory<Row>();
  const lists = [listOf({ id: 'a', size: 1 }), listOf({ id: 'b', size: 1 }), listOf({ id: 'a', size: 1 })];

  const [first, , third] = lists.map((list) => {
    const body = new ListBody(shape, memory);
    const rows = read(body, list);
    body.remember();
    return rows;
  });

  expect(third).toEqual(first);
  expect(third?.[0]).not.toBe(first?.[0]);
});

test('an exchange that is begun again leaves nothing of the first', () => {
  const body = new ListBody(shape);
  body.begin();
  body.write(Buffer.from('{"servers":[{"id":"a","size":1},{"id":7},'));

  expect(read(body, listOf({ id: 'b', size: 1 }))).toEqual([{ id: 'b', size: 1 }]);
});

test.each([
  ['{"servers":[{"id":"a","size":1},{"id":7,"size":1}]}', 'an unexpected shape: servers.1.id: '],
  ['{"servers":[{"id":"a","size":1},{"id":', 'application/json that is not JSON'],
  ['{"servers":[{"id":"canary" oops}]}', 'application/json that is not JSON'],
  ['{"servers":[{"id":"a","size":1}],"servers":[]', 'application/json that is not JSON'],
  ['{"servers":[{"id":"a","size":1}],"servers":[{}]}', 'expected one list "servers", found several'],
  [
    '{"servers":{"id":"canary"}}',
    'expected an object with one list "servers", found something else as "servers"',
  ],
  ['{"items":[{"id":"canary"}]}', 'expected an object with one list "servers", found an object with "items"'],
  ['[{"id":"canary"}]', 'expected an object with one list "servers", found a list'],
  ['{}', 'found an empty object'],
  ['null', 'expected an object with one list "servers", found null'],
  ['"canary"', 'found a string'],
  ['', 'an empty body'],
  ['<html>canary</html>', 'a web page: expected an object with one list "servers"'],
])('%s is an error that says what is wrong, and quotes nothing', (text, problem) => {
  const reading = () => read(new ListBody(shape), text);

  expect(reading).toThrow(problem);
  expect(reading).not.toThrow('canary');
});

test.each([
  ['another key', '{"items":[]}', 'fatal'],
  ['a list where an object is expected', '[]', 'fatal'],
  ['a web page', '<!doctype html><title>Sign in</title>', 'fatal'],
  ['a list that is cut short', '{"servers":[{"id":"a",', 'transient'],
  ['nothing', '', 'transient'],
])('%s is an error for a person, or for the next try: %s → %s', (_, text, severity) => {
  expect(() => read(new ListBody(shape), text)).toThrow(expect.objectContaining({ severity }));
});

test('a changed row is reported as soon as it is parsed', () => {
  const memory = new RowMemory<Row>();
  const told: string[] = [];
  const body = new ListBody(shape, memory, ({ id }) => told.push(id));
  read(body, listOf({ id: 'a', size: 1 }, { id: 'b', size: 1 }, { id: 'c', size: 1 }));
  body.remember();
  told.length = 0;

  const text = listOf({ id: 'a', size: 1 }, { id: 'b', size: 2 }, { id: 'c', size: 1 });
  body.begin();
  body.write(Buffer.from(text.slice(0, text.indexOf('"c"'))));

  expect(told).toEqual(['b']);
});

test.each([
  ['in a row', '{"servers":[{"id":"a","size":1,"more":['],
  ['outside the list', '{"more":['],
])('a list of more values than there is memory for is not read to its end: %s', (_, begin) => {
  const body = new ListBody(shape);
  body.begin();
  const chunk = Buffer.from('{},'.repeat(100_000));

  let chunks = 0;
  for (let goesOn = body.write(Buffer.from(begin)); goesOn; chunks++) goesOn = body.write(chunk);

  expect(chunks).toBe(40);
  const response = answer(body.end());
  expect(() => body.rowsOf(response)).toThrow('a list of more than 8000000 values');
});

test.each([
  ['{"servers":[{"id":"a","size":1}],"servers":[]}'],
  ['{"servers":[],"links":[],"servers":[{"id":"a","size":1}]}'],
  ['{"servers":[{"id":"a","size":1}],"servers":[{"id":"b","size":1}]}'],
])('a list that is there twice is no list: %s', (text) => {
  expect(() => read(new ListBody(shape), text)).toThrow('expected one list "servers", found several');
});
