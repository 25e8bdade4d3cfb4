import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports from which systems choose those of outgoing connections (Linux from 32768 on, others from 49152): one of these could take a port
 * whose server is closed for a moment.
 */
const [lowest, highest] = [10_000, 32_767];

/** A port of loopback that nothing listens on, nor on as many after it: for programs that need a fixed port number. */
export async function freePort(after = 0): Promise<number> {
  for (;;) {
    const port = randomInt(lowest, highest - after);
    const all = Array.from({ length: after + 1 }, (_, index) => listenBriefly(port + index));
    if ((await Promise.allSettled(all)).every(({ status }) => status === 'fulfilled')) return port;
  }
}

async function listenBriefly(port: number): Promise<void> {
  const server = createServer();
  await once(server.listen(port, '127.0.0.1'), 'listening');
  server.close();
  await once(server, 'close');
}
