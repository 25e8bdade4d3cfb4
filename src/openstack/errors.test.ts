import { expect, test } from 'vitest';
import type { HttpResponse } from '../http/client.ts';
import { explain } from '../runtime/severity.ts';
import { assertNotFound, openStackError } from './errors.ts';

function answer(status: number, text = '', headers: Record<string, string> = {}): HttpResponse {
  return { service: 'Nova', method: 'GET', url: 'http://cloud/v2.1/servers', status, text, headers, at: 0 };
}

test.each([
  [400, 'terminal'],
  [401, 'transient'],
  [403, 'terminal'],
  [404, 'terminal'],
  [408, 'transient'],
  [409, 'terminal'],
  [429, 'transient'],
  [500, 'transient'],
  [501, 'terminal'],
  [503, 'transient'],
])('a %i is %s', (status, severity) => {
  expect(openStackError(answer(status)).severity).toBe(severity);
});

test('a failure names the request by which its log can be searched', () => {
  const body = '{"computeFault": {"code": 500, "message": "Unexpected API Error."}}';

  const error = openStackError(answer(500, body, { 'x-openstack-request-id': 'req-7' }));

  expect(explain(error)).toBe(
    "Nova answered GET http://cloud/v2.1/servers with 500: Unexpected API Error. Nova's log tells more about req-7.",
  );
});

test("a proxy's page is read from its title", () => {
  const page =
    '<html><head><title>503 Service Unavailable</title></head><body>No server is available.</body></html>';

  expect(openStackError(answer(503, page)).upstream).toBe('503 Service Unavailable');
});

test('a message without end is cut', () => {
  const error = openStackError(answer(400, JSON.stringify({ badRequest: { message: 'x'.repeat(5_000) } })));

  expect(error.upstream).toHaveLength(301);
});

test.each([
  ['Nova', '{"itemNotFound": {"code": 404, "message": "Instance x could not be found."}}'],
  ['Heat', '{"code": 404, "title": "Not Found", "error": {"type": "EntityNotFound", "message": "gone"}}'],
  ['Keystone', '{"error": {"code": 404, "message": "Could not find user: x.", "title": "Not Found"}}'],
])("%s's own 404 says that the object is not there", (_, body) => {
  expect(() => assertNotFound(answer(404, body))).not.toThrow();
});

test.each([
  ['a route that is not there', '{"message": "not found", "code": "404 Not Found", "title": "Not Found"}'],
  ['a proxy', '<h1>404</h1>'],
  ['nobody', ''],
])('a 404 of %s proves nothing', (_, body) => {
  expect(() => assertNotFound(answer(404, body))).toThrow(
    expect.objectContaining({ name: 'OpenStackError', severity: 'transient' }),
  );
});
