import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KillBillClient } from '../../src/billing/killbill/client.ts';
import { KillBill } from '../../src/billing/killbill/killbill.ts';
import { isoTime, systemClock } from '../../src/runtime/clock.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { LossyProxy } from './lossy-proxy.ts';

export const plan = 'openstack-standard-monthly';

/** A tenant of the real KillBill that has nothing yet but the catalog, and our client of it. */
export class Tenant implements AsyncDisposable {
  readonly apiKey = `key-${randomUUID()}`;
  readonly apiSecret = 'secret';
  readonly proxy: LossyProxy;
  readonly billing: KillBill;
  readonly #client: KillBillClient;
  readonly #url: string;

  private constructor(url: string, proxy: LossyProxy) {
    this.#url = url;
    this.proxy = proxy;
    this.#client = new KillBillClient({
      url: proxy.url,
      username: 'admin',
      password: new Secret('password'),
      apiKey: new Secret(this.apiKey),
      apiSecret: new Secret(this.apiSecret),
    });
    this.billing = new KillBill(this.#client, plan);
  }

  static async create(): Promise<Tenant> {
    const url = process.env['KILLBILL_URL'];
    if (!url) throw new Error('KILLBILL_URL is not set: run `npm run test:killbill`.');
    const tenant = new Tenant(url, await LossyProxy.start(url));
    await tenant.ask('POST', '/tenants', { apiKey: tenant.apiKey, apiSecret: tenant.apiSecret });
    await tenant.ask('POST', '/catalog/xml', readFileSync(join(import.meta.dirname, 'catalog.xml'), 'utf8'));
    return tenant;
  }

  /** A request that our client never makes. @returns the answer's JSON */
  async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const isXml = typeof body === 'string';
    const response = await fetch(`${this.#url}/1.0/kb${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from('admin:password').toString('base64')}`,
        'x-killbill-apikey': this.apiKey,
        'x-killbill-apisecret': this.apiSecret,
        'x-killbill-createdby': 'test',
        'content-type': isXml ? 'text/xml' : 'application/json',
        accept: isXml ? '*/*' : 'application/json',
      },
      ...(body !== undefined && { body: isXml ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** KillBill's own time, ms since 1970. */
  async now(): Promise<number> {
    const { currentUtcTime } = (await this.ask('GET', '/test/clock')) as { currentUtcTime: string };
    return Date.parse(currentUtcTime);
  }

  /** Sets KillBill's clock; what was due by then is done. */
  async setClock(at: number): Promise<void> {
    await this.ask('POST', `/test/clock?requestedDate=${encodeURIComponent(isoTime(at))}&timeoutSec=60`);
  }

  /** Moves the clock to a day of the next month, which no test has used, in UTC. @returns the moment */
  async enterNextMonth(day: number, hour = 12): Promise<number> {
    const now = new Date(await this.now());
    const at = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, day, hour);
    await this.setClock(at);
    return at;
  }

  /** KillBill makes invoices on its bus, a moment after what they are for. */
  async until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    for (let tries = 0; tries < 60; tries++) {
      const found = await look();
      if (found !== undefined) return found;
      await systemClock.sleep(500);
    }
    throw new Error(`waited in vain for ${what}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
    await this.proxy[Symbol.asyncDispose]();
  }
}
