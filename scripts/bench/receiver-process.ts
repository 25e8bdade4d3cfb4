import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerQuestions } from './child.ts';

/** The least that can stand at the other end of a PUT: reads the body, answers as the metric daemon does. */
export type ReceiverAnswers = typeof answers;

const server = createServer((request, response) => {
  request.resume().once('end', () => {
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.end('{"status":200}\n');
  });
});
server.keepAliveTimeout = 60_000;
await once(server.listen(0, '127.0.0.1'), 'listening');

const answers = { port: () => (server.address() as AddressInfo).port };
answerQuestions(answers);
