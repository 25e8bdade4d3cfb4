import { HttpClient, type HttpClientOptions, type HttpResponse } from '../http/client.ts';
import { isTransientStatus } from '../http/retry.ts';
import type { Secret } from '../runtime/secret.ts';
import { ServiceError, type Severity } from '../runtime/severity.ts';
import type { DeviceId } from './model.ts';
import type { Session } from './session.ts';
import { RefusalBody, StoredBody } from './wire/metric.ts';

/** A figure of a device, as the metric daemon takes it. */
export interface ReportedMetric {
  /** Letters, digits, `.`, `_` and `-`: a slash would have the daemon lose the history of others. */
  readonly name: string;
  /** Finite. */
  readonly value: number;
  readonly units: string;
  /** How long it is shown; whole seconds, at least 1. */
  readonly ttlS: number;
}

/**
 * - `wrong-address` (404 that is not JSON): there is no metric daemon where we look for one
 * - `unauthorized` (401): it does not take the portal's token, not even a new one
 * - `unavailable`: it is down, or a proxy answers in its place
 * - `refused` (400, 422): it does not take this value
 */
export type MetricReportErrorKind = 'wrong-address' | 'unauthorized' | 'unavailable' | 'refused';

/** The metric daemon did not take a metric. All but `refused` concern every metric alike. */
export class MetricReportError extends ServiceError {
  override readonly name = 'MetricReportError';
  readonly kind: MetricReportErrorKind;
  readonly url: string;
  readonly status: number;

  constructor(response: HttpResponse) {
    const { kind, severity, hint } = meaningOf(response);
    super(
      `The metric daemon answered ${response.method} ${response.url} with ${response.status}${said(response)}.`,
      { severity, hint },
    );
    this.kind = kind;
    this.url = response.url;
    this.status = response.status;
  }
}

/** Where the metric daemon is, and how it is spoken to. */
export interface MetricReportingOptions extends Omit<HttpClientOptions, 'service' | 'retry'> {
  /** The portal's address. */
  readonly url: string;
  /** Whose token the daemon takes too. */
  readonly session: Session;
}

/** Most requests in flight: more than any daemon was seen to gain from. */
export const mostReportsAtOnce = 64;

/**
 * Reports figures to the metric daemon, which stands behind `/mrd/` of the portal. It has a pool of its own: the portal
 * itself serves five requests at a time, the daemon as many as come.
 */
export class MetricReporting {
  readonly #http: HttpClient;
  readonly #base: string;
  readonly #session: Session;

  constructor(options: MetricReportingOptions) {
    const { url, session, ...http } = options;
    this.#base = `${url.replace(/\/+$/, '')}/mrd/`;
    this.#session = session;
    this.#http = new HttpClient({
      concurrency: mostReportsAtOnce,
      timeoutMs: 10_000,
      ...http,
      service: 'Metric daemon',
      // The daemon may close a connection just when it is used again: once more is enough, and harmless.
      retry: { tries: 2, baseMs: 50, maxMs: 50, longestRetryAfterMs: 0 },
    });
  }

  /**
   * Reports one figure.
   *
   * @returns `unknown-device`: the daemon does not know the device yet, as in the first seconds of a new one. It goes on
   * accepting values of a deleted device.
   * @throws {MetricReportError} it was not taken
   * @throws {ConnectionError | TimeoutError} no answer
   */
  async report(
    deviceId: DeviceId,
    metric: ReportedMetric,
    signal?: AbortSignal,
  ): Promise<'stored' | 'unknown-device'> {
    const token = await this.#session.token(signal);
    let response = await this.#put(deviceId, metric, token, signal);
    if (response.status === 401) {
      this.#session.forget(token);
      response = await this.#put(deviceId, metric, await this.#session.token(signal), signal);
    }
    if (response.status === 200 && saysStored(response)) return 'stored';
    if (response.status === 404 && isDaemonsOwn(response)) return 'unknown-device';
    throw new MetricReportError(response);
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    await this.#http.close();
  }

  async #put(
    deviceId: DeviceId,
    { name, value, units, ttlS }: ReportedMetric,
    token: Secret,
    signal: AbortSignal | undefined,
  ): Promise<HttpResponse> {
    return this.#http.request({
      method: 'PUT',
      url: `${this.#base}${deviceId}/metrics`,
      route: '/mrd/{id}/metrics',
      headers: { authorization: `Bearer ${token.reveal()}` },
      // Signed whole numbers lose their sign in the daemon: a double never does.
      body: { type: 'double', name, value, units, slope: 'both', ttl: ttlS },
      signal,
    });
  }
}

function meaningOf(response: HttpResponse): {
  kind: MetricReportErrorKind;
  severity: Severity;
  hint?: string;
} {
  const { status } = response;
  if (status === 401) {
    return {
      kind: 'unauthorized',
      severity: 'transient',
      hint: 'It needs the same secret as the portal, and a clock that is not behind the portal\'s: "iat" means the clock.',
    };
  }
  // A 200 that does not come from the daemon but from a captive proxy or a web page.
  if (status === 200 || status === 404 || (status >= 300 && status < 400) || status === 405) {
    return {
      kind: 'wrong-address',
      severity: 'terminal',
      hint: "concertim_url must be the portal's public address, by https where it has that, whose proxy passes /mrd/ on to the metric daemon without that prefix.",
    };
  }
  if (status === 400 || status === 422) return { kind: 'refused', severity: 'terminal' };
  return {
    kind: 'unavailable',
    severity: isTransientStatus(status) ? 'transient' : 'terminal',
    hint: 'Is the metric daemon running? Its log tells more.',
  };
}

function said({ text, headers }: HttpResponse): string {
  const refusal = refusalOf(text);
  if (refusal) return `: ${refusal}`;
  // HTML comes from a proxy, and adds nothing to the status.
  return headers['content-type']?.startsWith('text/plain') ? `: ${text.trim().slice(0, 200)}` : '';
}

/** Whether the daemon itself confirms that it has the value, and not another server at its address. */
function saysStored({ text }: HttpResponse): boolean {
  try {
    return StoredBody.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

/** Whether the daemon itself refuses the value, and not another server at its address. */
export function isDaemonsOwn({ text }: HttpResponse): boolean {
  return refusalOf(text) !== undefined;
}

function refusalOf(text: string): string | undefined {
  try {
    const { errors } = RefusalBody.parse(JSON.parse(text));
    return errors.map(({ detail, title }) => detail ?? title ?? '').join(', ');
  } catch {
    return undefined;
  }
}
