import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { Logger } from '../observability/logger.ts';
import { OperationError } from '../operations/operation-error.ts';
import { errorBody, Problem, problemOf } from './problem.ts';

/** Has every request that goes wrong, however early, answered with the one error object. */
export function answerErrors(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((error: FastifyError, request, reply) => answer(error, request, reply, log));
  app.setNotFoundHandler((request, reply) =>
    answer(
      new Problem(404, 'There is nothing here. GET /openapi.json lists what there is.'),
      request,
      reply,
      log,
    ),
  );
}

/** What Fastify itself refuses before there is a route: an address that cannot be decoded, say. */
export function answerFrameworkError(log: Logger) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    // Such a request passes no hook.
    reply.header('x-request-id', request.id);
    void answer(error, request, reply, log);
  };
}

/** What Node itself refuses: no HTTP, headers too large or too slow. There is no request then, only a socket. */
export function answerClientError(requestId: () => string) {
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const [status, message] = clientErrors[error.code ?? ''] ?? [400, 'This is not HTTP/1.1.'];
    endWith(socket, status, message, requestId());
  };
}

/** Node answers some requests by itself, without a body, before Fastify has them: this gives them the body of an API error. */
export function answerBareRequests(server: FastifyInstance['server'], requestId: () => string): void {
  server.on('checkExpectation', (_: unknown, response: ServerResponse) => {
    const id = requestId();
    const body = errorBody(417, 'The header expect can be 100-continue and nothing else.', id);
    response
      .writeHead(417, {
        'content-type': 'application/json; charset=utf-8',
        'x-request-id': id,
        connection: 'close',
      })
      .end(JSON.stringify(body));
  });
  server.on('connect', (_: unknown, socket: Socket) => {
    endWith(socket, 405, 'This is no proxy.', requestId());
  });
}

/** How long a client may take to read the answer and close its side, ms. */
const partingMs = 1_000;

/** Writes an answer to a bare socket. Node no longer handles the socket's errors or closes it, so this does. */
function endWith(socket: Socket, status: number, message: string, requestId: string): void {
  const body = JSON.stringify(errorBody(status, message, requestId));
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json; charset=utf-8\r\n`;
  socket.end(`${head}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`);
  socket.on('error', () => socket.destroy());
  socket.setTimeout(partingMs, () => socket.destroy());
}

const clientErrors: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The headers are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not come to its end in time.'],
};

function answer(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Logger): FastifyReply {
  const problem = problemOf(error) ?? refusalOf(error) ?? defect(error, request, log);
  request.why = problem.message;
  if (error instanceof OperationError) request.upstream = error.upstream;
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(errorBody(problem.status, problem.message, request.id));
}

/** What Fastify refuses. Its own messages may repeat what was sent. */
function refusalOf(error: unknown): Problem | undefined {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const { validation, validationContext = 'body' } = error;
    const faults = validation.map(({ instancePath, message }) =>
      faultOf(instancePath.slice(1).replaceAll('/', '.') || validationContext, message),
    );
    return new Problem(400, faults.join('; '));
  }
  const { statusCode, code } = error as Partial<FastifyError>;
  if (statusCode === undefined || statusCode < 400 || statusCode >= 500) return undefined;
  const message = code === undefined ? undefined : refusals[code];
  return new Problem(statusCode, message ?? otherRefusals[statusCode] ?? 'The request cannot be understood.');
}

const refusals: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'The body has to be JSON: content-type application/json.',
  FST_ERR_CTP_EMPTY_TYPE: 'The body has to be JSON: content-type application/json.',
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is too large.',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty: a JSON object is expected.',
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not JSON.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The body is not as long as content-length says.',
  FST_ERR_BAD_URL: 'The address cannot be decoded.',
};
const otherRefusals: Readonly<Record<number, string>> = {
  400: 'The body is not JSON.',
  415: 'The body has to be JSON.',
};

/** `cloud_env.password: is missing` */
export function faultOf(field: string, message = 'is not valid'): string {
  const text = message.replace(/^Invalid (input|option|string): /, '');
  return `${field}: ${text.endsWith('received undefined') ? 'is missing' : text}`;
}

/** A bug in this service: the log gets where it happened, without the message, which may hold anything. */
function defect(error: unknown, { id, routeOptions }: FastifyRequest, log: Logger): Problem {
  const { name, stack = '' } = error instanceof Error ? error : { name: typeof error };
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  log.error(
    { requestId: id, route: routeOptions.url, type: name, frames },
    'unhandled error in API request (bug)',
  );
  return new Problem(500, 'This service has made a mistake; its log knows more.');
}
