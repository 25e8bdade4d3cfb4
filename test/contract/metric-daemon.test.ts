import { readFileSync } from 'node:fs';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Faults } from '../../src/sandbox/faults.ts';
import type { HttpService } from '../../src/sandbox/http-service.ts';
import { MetricDaemon } from '../../src/sandbox/portal/metric-daemon.ts';
import { Portal } from '../../src/sandbox/portal/portal.ts';
import { startPortal } from '../../src/sandbox/portal/start-portal.ts';
import { signToken, type TokenClaims } from '../../src/sandbox/portal/tokens.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** One exchange with the real daemon of 2023. */
interface Exchange {
  readonly name: string;
  readonly request: {
    readonly method: 'PUT' | 'GET' | 'POST' | 'DELETE' | 'OPTIONS';
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly date: string;
  };
}

/** The sandbox reads no body without a type (docs/sandbox-differences.md); we send none. */
const leftOut = new Set(['ok/no_content_type']);

const exchanges = readFileSync(new URL('../fixtures/concertim/metric-daemon.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Exchange)
  .filter(({ name }) => !leftOut.has(name));

/** All were recorded within a minute, and of the daemon's devices they need the first. */
const clock = new ManualClock(Date.parse(exchanges[0]?.response.date ?? ''));
const portal = new Portal({ clock, release: '2023-08' });
const rack = portal.addRack({ user_id: 1, name: 'rack' });
portal.addDevice({ id: 1, template_id: 1, name: 'device', rack_id: rack.id, start_u: 1 });
const metricDaemon = new MetricDaemon(portal);
let service: HttpService;
beforeAll(async () => {
  service = await startPortal({ portal, metricDaemon, faults: new Faults(), clock });
});
afterAll(() => service.close());

/** The recorded token with our portal's signature, unless its own was wrong on purpose. */
function resigned(headers: Readonly<Record<string, string>>, name: string, secret: string) {
  const isForged = ['garbage_token', 'wrong_secret', 'alg_none', 'alg_hs512'].some((each) =>
    name.endsWith(each),
  );
  if (isForged) return headers;
  const sign = (token: string) => {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as TokenClaims;
    return signToken(claims, secret);
  };
  return Object.fromEntries(
    Object.entries(headers).map(([header, value]) => [
      header,
      value.replace(/[\w-]+\.[\w-]+\.[\w-]+/, (token) => sign(token)),
    ]),
  );
}

test.for(exchanges.map((exchange) => [exchange.name, exchange] as const))(
  'the sandbox answers as the daemon did: %s',
  async ([name, { request: asked, response: recorded }]) => {
    const response = await request(`${service.url}/mrd${asked.path}`, {
      method: asked.method,
      headers: resigned(asked.headers, name, portal.secret),
      ...(asked.body !== undefined && { body: asked.body }),
    });

    expect({ status: response.statusCode, body: await response.body.text() }).toEqual({
      status: recorded.status,
      body: recorded.body,
    });
    // Of an "allow" header the daemon says its one method as often as it was asked on this connection.
    const { allow: _, ...headers } = recorded.headers;
    expect(response.headers).toMatchObject(headers);
  },
);
