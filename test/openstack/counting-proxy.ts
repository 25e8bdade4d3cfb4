import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { request } from 'undici';

/** Proxies before all services of a cloud: Keystone's answers name them in place of the services. */
export interface CountingProxies extends AsyncDisposable {
  /** Where a service is reached through its proxy. */
  readonly through: (url: string) => string;
  /** What was asked so far, as `GET /v3/users`, without the query. */
  readonly seen: string[];
  /** Given the path and the text of an answer, what is answered instead. */
  rewrite: (path: string, answer: string) => string;
  /** Paths that are answered by a 404 of the proxy's own. */
  missing: RegExp | undefined;
}

/** @param origins of the services, such as `http://127.0.0.1:21000` */
export async function startCountingProxies(origins: Iterable<string>): Promise<CountingProxies> {
  const seen: string[] = [];
  const proxyOf = new Map<string, string>();
  const through = (told: string) =>
    [...proxyOf].reduce((so, [origin, proxy]) => so.replaceAll(origin, proxy), told);
  const proxies: CountingProxies = {
    through,
    seen,
    rewrite: (_, answer) => answer,
    missing: undefined,
    async [Symbol.asyncDispose]() {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map(async (server) => once(server.close(), 'close')));
    },
  };
  const servers = [...new Set(origins)].map((origin) => {
    const answer = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
      const { method = '', url = '', headers } = incoming;
      const [path = ''] = url.split('?');
      seen.push(`${method} ${path}`);
      const body = await text(incoming);
      if (proxies.missing?.test(path)) {
        outgoing.writeHead(404, { 'content-type': 'application/json' }).end('{}');
        return;
      }
      const given = await request(origin + url, {
        method,
        headers: forwarded(headers),
        body: body === '' ? null : body,
      });
      const told = proxies.rewrite(path, through(await given.body.text()));
      outgoing.writeHead(given.statusCode, forwarded(given.headers)).end(told);
    };
    const server = createServer((incoming, outgoing) => {
      answer(incoming, outgoing).catch(() => outgoing.destroy());
    });
    return Object.assign(server, { origin });
  });
  for (const server of servers) {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    proxyOf.set(server.origin, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }
  return proxies;
}

/** Those that are not of the connection, nor of a body that is rewritten. */
function forwarded(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const {
    connection: _connection,
    host: _host,
    'content-length': _length,
    'transfer-encoding': _encoding,
    'keep-alive': _alive,
    ...rest
  } = headers;
  return rest;
}
