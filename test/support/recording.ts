import { readdirSync, readFileSync } from 'node:fs';
import type { FastifyReply } from 'fastify';

/** One exchange with a real OpenStack service, as it was recorded. */
export interface Recording {
  readonly request: { readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'; readonly url: string };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    /** Parsed when it was JSON, else the text. */
    readonly body: unknown;
  };
}

const folder = new URL('../fixtures/openstack/', import.meta.url);

/** @param name service and file without its ending, such as `nova/server-show-404` */
export function recording(name: string): Recording {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Recording;
}

/** The names of a service's recordings, such as `nova/server-show-404`. */
export function recordingsOf(service: string): string[] {
  return readdirSync(new URL(service, folder)).map((file) => `${service}/${file.replace('.json', '')}`);
}

/** Answers as the recorded service did. */
export function replay(reply: FastifyReply, { response }: Recording): FastifyReply {
  const { 'Content-Length': _, Connection: __, ...headers } = response.headers;
  const body = typeof response.body === 'string' ? response.body : JSON.stringify(response.body);
  return reply.code(response.status).headers(headers).send(body);
}
