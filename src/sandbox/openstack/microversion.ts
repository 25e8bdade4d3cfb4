import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from './refusal.ts';

/**
 * The minor part of Nova's microversion that a request asks for: `2.79` → 79; 1 when it asks for none. The answer's headers
 * name it, also where Nova does not have it.
 *
 * @throws {Refusal} 400 when it is none, 406 when Nova does not have it
 */
export function negotiate(request: FastifyRequest, reply: FastifyReply, newest: string): number {
  const asked = askedFor(request) ?? '2.1';
  const text = asked === 'latest' ? newest : asked;
  if (!/^\d+\.\d+$/.test(text)) {
    throw new Refusal(
      400,
      `API Version String ${text} is of invalid format. Must be of format MajorNum.MinorNum.`,
    );
  }
  reply.headers({
    'openstack-api-version': `compute ${text}`,
    'x-openstack-nova-api-version': text,
    vary: 'OpenStack-API-Version, X-OpenStack-Nova-API-Version',
  });
  const [major, minor = 0] = text.split('.').map(Number);
  if (major === 2 && minor >= 1 && minor <= Number(newest.split('.')[1])) return minor;
  throw new Refusal(
    406,
    `Version ${text} is not supported by the API. Minimum is 2.1 and maximum is ${newest}.`,
  );
}

/** `OpenStack-API-Version` may speak to several services: `compute 2.79, placement 1.30`. */
function askedFor({ headers }: FastifyRequest): string | undefined {
  const common = String(headers['openstack-api-version'] ?? '');
  const own = headers['x-openstack-nova-api-version'];
  return (
    /(?:^|,)\s*compute\s+([^\s,]+)/i.exec(common)?.[1] ?? (typeof own === 'string' ? own.trim() : undefined)
  );
}
