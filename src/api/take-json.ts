import type { FastifyInstance } from 'fastify';

/**
 * Bodies are JSON. A GET that says so and has none is no error: HTTP libraries set the type for all requests alike.
 */
export function takeJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    if (text === '' && request.method === 'GET') done(null, undefined);
    else void parse(request, String(text), done);
  });
}
