import { parseBody } from '../../http/body.ts';
import { HttpClient, type HttpClientOptions, type HttpResponse, type Method } from '../../http/client.ts';
import { isTransientStatus } from '../../http/retry.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import type { Secret } from '../../runtime/secret.ts';
import { BillingError, type BillingErrorKind } from '../errors.ts';
import * as wire from './wire.ts';

export interface KillBillClientOptions extends Omit<HttpClientOptions, 'service'> {
  /** Without a slash at its end, such as `http://killbill:48080`. */
  readonly url: string;
  readonly username: string;
  readonly password: Secret;
  /** API key of the tenant. */
  readonly apiKey: Secret;
  readonly apiSecret: Secret;
}

export interface KillBillRequest {
  readonly method: Method;
  /** Path below `/1.0/kb`. */
  readonly path: string;
  /** The path with placeholders for ids, for metrics and errors. */
  readonly route: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: unknown;
  readonly idempotent?: boolean;
  /** Statuses from 300 on that are not errors. */
  readonly accept?: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/** Codes of `org.killbill.billing.ErrorCode` that are not errors here. */
export const codes = { isCancelled: 1031, trackingIdExists: 50_000 } as const;

/** HTTP client of KillBill, for one user of one tenant. */
export class KillBillClient {
  readonly clock: Clock;
  readonly #http: HttpClient;
  readonly #base: string;
  readonly #headers: () => Record<string, string>;

  constructor({ url, username, password, apiKey, apiSecret, ...http }: KillBillClientOptions) {
    this.clock = http.clock ?? systemClock;
    this.#http = new HttpClient({ service: 'KillBill', concurrency: 8, ...http });
    this.#base = `${url}/1.0/kb`;
    this.#headers = () => ({
      authorization: `Basic ${Buffer.from(`${username}:${password.reveal()}`).toString('base64')}`,
      'x-killbill-apikey': apiKey.reveal(),
      'x-killbill-apisecret': apiSecret.reveal(),
      'x-killbill-createdby': 'concertim-openstack-service',
    });
  }

  /**
   * The answer, if its status is below 300 or one of `accept`.
   *
   * @throws {BillingError} any other status
   * @throws {ConnectionError | TimeoutError} no answer
   */
  async request({ path, query, accept, ...request }: KillBillRequest): Promise<HttpResponse> {
    const params = new URLSearchParams(
      Object.entries(query ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
    ).toString();
    const url = `${this.#base}${path}${params && `?${params}`}`;
    const response = await this.#http.request({ ...request, url, headers: this.#headers() });
    if (response.status < 300 || accept?.includes(response.status)) return response;
    throw refusal(response);
  }

  async close(): Promise<void> {
    await this.#http.close();
  }
}

/** The error code of a refusal; undefined: it has none. */
export function codeOf(response: HttpResponse): number | undefined {
  return refusalOf(response).code ?? undefined;
}

/** The id of a created object: the last part of the `Location` in the answer. */
export function createdId(response: HttpResponse): string | undefined {
  return response.headers['location']?.split('?')[0]?.split('/').at(-1) || undefined;
}

export function refusal(response: HttpResponse): BillingError {
  const { status, method, url } = response;
  const said = refusalOf(response).message;
  return new BillingError(
    kinds[status] ?? 'failed',
    `KillBill refused ${method} ${new URL(url).pathname} (${status})${said ? `: ${said}` : ''}.`,
    {
      severity: status === 401 ? 'fatal' : isTransientStatus(status) ? 'transient' : 'terminal',
      hint:
        status === 401
          ? 'Check killbill.username and killbill.password, and killbill.apikey and killbill.apisecret, which are those of its tenant.'
          : undefined,
    },
  );
}

const kinds: Readonly<Record<number, BillingErrorKind>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'unauthorized',
  404: 'not-found',
  409: 'conflict',
};

function refusalOf(response: HttpResponse) {
  try {
    return parseBody(response, wire.Refusal);
  } catch {
    return {};
  }
}
