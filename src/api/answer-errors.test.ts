import { Writable } from 'node:stream';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { createLogger } from '../observability/logger.ts';
import { answerErrors } from './answer-errors.ts';
import { errorBody } from './problem.ts';

test('a defect is a 500 and a line in the log, and neither tells what was in the request', async () => {
  const printed: string[] = [];
  const output = new Writable({
    write(line, _, done) {
      printed.push(String(line));
      done();
    },
  });
  const app = Fastify();
  app.decorateRequest('why', undefined);
  app.decorateRequest('upstream', undefined);
  answerErrors(app, createLogger({ level: 'debug', format: 'json', output }));
  app.get('/', () => {
    throw new TypeError('cannot read "canary" of {"password": "canary"}');
  });

  const answer = await app.inject('/');

  expect(answer.statusCode).toBe(500);
  expect(answer.json()).toMatchObject({
    error: 'Internal Server Error',
    message: 'This service has made a mistake; its log knows more.',
  });
  expect(printed).toHaveLength(1);
  expect(printed[0]).toContain('answer-errors.test.ts');
  expect(printed[0] + answer.body).not.toContain('canary');
});

test('a message is cut to what the portal has room for', () => {
  const { message } = errorBody(400, 'x'.repeat(1_000), 'req-1');

  expect(message).toHaveLength(300);
  expect(message.endsWith('…')).toBe(true);
});
