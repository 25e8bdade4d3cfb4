import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A real HTTP server on a free port of loopback, gone at the end of the block (`await using`). */
export interface Listening extends AsyncDisposable {
  readonly url: string;
  readonly server: Server;
}

export async function listen(listener: RequestListener): Promise<Listening> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A port that nothing listens on, nor on as many after it, for what can only be told a number. */
export async function freePort(after = 0): Promise<number> {
  for (;;) {
    await using listening = await listen(() => {});
    const port = Number(new URL(listening.url).port);
    const others = Array.from({ length: after }, (_, index) => isFree(port + 1 + index));
    if ((await Promise.all(others)).every(Boolean)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
