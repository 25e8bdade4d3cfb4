import type { Socket } from 'node:net';
import type { Connection } from 'rabbitmq-client';

/** Far beyond what is ever negotiated (`frame_max`, 128 KiB by default). */
const mostBytes = 16 * 1024 * 1024;

/**
 * Ends a connection to something that does not speak AMQP, such as the HTTP of a management port, now or after the client has
 * connected again. The client takes the first bytes for the size of a frame: Node then throws out of an event listener, where
 * nobody can catch it, or as much memory is waited for.
 */
export function limitFrames(connection: Connection): void {
  // rabbitmq-client 5.0.8 gives no other way to its socket. It makes one for each attempt.
  const open = connection as unknown as { _socket: Socket };
  let current = limited(open._socket);
  Object.defineProperty(open, '_socket', {
    get: () => current,
    set: (socket: Socket) => {
      current = limited(socket);
    },
  });
}

function limited(socket: Socket): Socket {
  const read = socket.read.bind(socket);
  socket.read = (size?: number) => {
    if (size === undefined || size <= mostBytes) return read(size) as unknown;
    socket.destroy(new Error('what answers there does not speak AMQP'));
    return null;
  };
  return socket;
}
