import { Server, Socket } from 'node:net';
import { expect, test } from 'vitest';
import { fittingLimit, limitConnections } from './connection-limit.ts';

test.each([
  [1_048_576, 512, 256],
  [1_152, 512, 256],
  [1_024, 448, 224],
  [300, 86, 43],
  [64, 8, 4],
])(
  'with %s file descriptors %s connections are let in, %s from one address',
  (descriptors, total, perAddress) => {
    expect(fittingLimit(descriptors)).toEqual({ total, perAddress });
  },
);

/**
 * A socket with any remote address, because a loopback interface has no addresses of several IPv6 networks.
 */
class SocketFrom extends Socket {
  override readonly remoteAddress: string;

  constructor(address: string) {
    super();
    this.remoteAddress = address;
  }
}

test('the addresses of one IPv6 network share its part, another network has its own', () => {
  const server = new Server();
  let refused = 0;
  limitConnections(server, { total: 8, perAddress: 2 }, () => refused++);
  const from = (address: string) => {
    const socket = new SocketFrom(address);
    server.emit('connection', socket);
    return socket;
  };

  const same = ['2001:db8::1', '2001:db8::2', '2001:db8::3'].map(from);
  const [other] = ['2001:db8:0:1::1'].map(from);

  expect(same.map(({ destroyed }) => destroyed)).toEqual([false, false, true]);
  expect([other?.destroyed, refused]).toEqual([false, 1]);
});
