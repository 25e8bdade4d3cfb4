import type { FastifyReply } from 'fastify';
import type { Refusal } from './refusal.ts';

/** Answers with JSON that is a text already. */
export function answer(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).type('application/json; charset=utf-8').send(text);
}

export function refuse(reply: FastifyReply, { status, body }: Refusal): FastifyReply {
  return answer(reply, status, JSON.stringify(body));
}

/** Sends a person's browser elsewhere. */
export function redirect(reply: FastifyReply, status: 302 | 303, location: string): FastifyReply {
  const page = `<html><body>You are being <a href="${location}">redirected</a>.</body></html>`;
  return reply.code(status).header('location', location).type('text/html; charset=utf-8').send(page);
}
