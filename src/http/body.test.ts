import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseBody, parseJson } from './body.ts';
import type { HttpResponse } from './client.ts';

const response = (text: string, type = 'application/json'): HttpResponse => ({
  service: 'Nova',
  method: 'GET',
  url: 'http://nova/servers',
  status: 200,
  headers: { 'content-type': type },
  text,
  at: 0,
});

test('an answer that is no JSON is said by its type', () => {
  const page = response('<html>', 'text/html');

  expect(() => parseJson(page)).toThrow(
    'Nova answered GET http://nova/servers with text/html that is not JSON.',
  );
});

test('an answer cut short and one without a body are errors', () => {
  expect(() => parseJson(response('{"servers": [{"id"'))).toThrow('that is not JSON');
  expect(() => parseJson(response(''))).toThrow('an empty body');
});

test('an answer of another shape names the field', () => {
  const schema = z.object({ servers: z.array(z.object({ id: z.string() })) });

  expect(() => parseBody(response('{"servers":[{"id":"a"},{"id":7}]}'), schema)).toThrow('servers.1.id');
});

test('fields that are not used are left aside', () => {
  const schema = z.object({ id: z.string() });

  expect(parseBody(response('{"id":"a","later":"b"}'), schema)).toEqual({ id: 'a' });
});

test('what cannot be parsed is not quoted, not even by a cause: it may be a password', () => {
  const body = response('{"password": "canary" oops}');

  const error = (() => {
    try {
      return parseJson(body);
    } catch (error) {
      return error;
    }
  })();

  expect(inspect(error, { depth: 9 })).not.toContain('canary');
});
