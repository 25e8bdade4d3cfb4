import { isDaemonsOwn } from '../../concertim/metric-reporting.ts';
import { HttpClient, type HttpResponse } from '../../http/client.ts';
import { failure } from '../failure.ts';
import { error, type Finding, ok, warning } from '../finding.ts';
import type { Patient } from '../patient.ts';

const check = 'concertim.metric-daemon';
const why = 'Without it the portal shows no figures of the instances.';

/**
 * The metric daemon behind the portal's address. It looks at tokens on a PUT alone, before it reads the body: it is sent
 * one without a body, for a device that does not exist. There is nothing in it that could be stored, and the daemon
 * refuses it with 400.
 */
export async function checkMetricDaemon(
  { config, portal, timeoutMs }: Patient,
  signal: AbortSignal,
): Promise<Finding> {
  const { url, tls } = config.concertim;
  const token = await portal.token(signal);
  const retry = { tries: 1, baseMs: 0, maxMs: 0, longestRetryAfterMs: 0 };
  const http = new HttpClient({ service: 'Metric daemon', tls, timeoutMs, retry });
  try {
    return meaningOf(
      await http.request({
        method: 'PUT',
        url: `${url}/mrd/0/metrics`,
        route: '/mrd/{id}/metrics',
        headers: { authorization: `Bearer ${token.reveal()}` },
        signal,
      }),
    );
  } catch (cause) {
    return failure(check, cause, { why, repair: `Is ${url} right?` });
  } finally {
    await http.close();
  }
}

function meaningOf(response: HttpResponse): Finding {
  const { status, url, text, headers } = response;
  const isText = headers['content-type']?.startsWith('text/plain') ?? false;
  if ([400, 404, 422].includes(status) && isDaemonsOwn(response))
    return ok(check, `The metric daemon is at ${url} and accepts the portal's token`);
  if (status === 401 && isText) {
    return error(check, {
      found: `The metric daemon rejects the portal's token: ${text.trim()}`,
      why,
      repair: text.includes('iat')
        ? "Its clock is behind the portal's. On both machines: systemctl enable --now chrony"
        : 'Give it the same secret as the portal has: its jwt_secret (or JWT_SECRET), then restart it.',
    });
  }
  if (status === 502 || status === 503) {
    return error(check, {
      found: `Nothing answers behind ${url} (${status})`,
      why,
      repair: 'Start the metric daemon beside the portal.',
    });
  }
  return warning(check, {
    found: `There is no metric daemon at ${url} (${status}${isText ? `: ${text.trim().slice(0, 100)}` : ''})`,
    why,
    repair:
      'In the nginx in front of the portal: location ^~ /mrd/ { proxy_pass http://METRIC-DAEMON:3000/; } with the slash at its end; and set concertim_url to the public address of the portal.',
  });
}
