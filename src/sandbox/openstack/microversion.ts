import type { FastifyRequest } from 'fastify';
import { Refusal } from './refusal.ts';

/**
 * The minor part of Nova's microversion that a request asks for: `2.79` → 79; 1 when it asks for none.
 *
 * @throws {Refusal} 400 when it is none, 406 when Nova does not have it
 */
export function microversionOf(request: FastifyRequest, newest: string): number {
  const text = askedFor(request);
  if (text === undefined) return 1;
  if (text === 'latest') return minorOf(newest);
  if (!/^\d+\.\d+$/.test(text)) {
    throw new Refusal(
      400,
      `API Version String ${text} is of invalid format. Must be of format MajorNum.MinorNum.`,
      { type: 'badRequest' },
    );
  }
  const [major, minor] = text.split('.').map(Number);
  if (major !== 2 || minor === undefined || minor < 1 || minor > minorOf(newest)) {
    throw new Refusal(
      406,
      `Version ${text} is not supported by the API. Minimum is 2.1 and maximum is ${newest}.`,
    );
  }
  return minor;
}

/** What every answer says about it, a refused one too. */
export function microversionHeaders(request: FastifyRequest, newest: string): Record<string, string> {
  const asked = askedFor(request) ?? '2.1';
  const text = asked === 'latest' ? newest : asked;
  return {
    'openstack-api-version': `compute ${text}`,
    'x-openstack-nova-api-version': text,
    vary: 'OpenStack-API-Version, X-OpenStack-Nova-API-Version',
  };
}

/** `OpenStack-API-Version` may speak to several services: `compute 2.79, placement 1.30`. */
function askedFor({ headers }: FastifyRequest): string | undefined {
  const common = String(headers['openstack-api-version'] ?? '');
  const own = headers['x-openstack-nova-api-version'];
  return (
    /(?:^|,)\s*compute\s+([^\s,]+)/i.exec(common)?.[1] ?? (typeof own === 'string' ? own.trim() : undefined)
  );
}

function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}
