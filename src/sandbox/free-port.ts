import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** A port of loopback that nothing listens on, nor on as many after it: for programs that need a fixed port number. */
export async function freePort(after = 0): Promise<number> {
  for (;;) {
    const port = await listenBriefly(0);
    const others = Array.from({ length: after }, (_, index) => listenBriefly(port + 1 + index));
    if ((await Promise.allSettled(others)).every(({ status }) => status === 'fulfilled')) return port;
  }
}

/** @param port 0: any free one. @returns the port, free again */
async function listenBriefly(port: number): Promise<number> {
  const server = createServer();
  await once(server.listen(port, '127.0.0.1'), 'listening');
  const { port: taken } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return taken;
}
