import { readFileSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { peerNetwork } from '../runtime/peer-network.ts';

/** How many connections a server accepts at one time. */
export interface ConnectionLimit {
  readonly total: number;
  /** From one address, or one /64 network of IPv6. Behind a proxy all clients share one address. */
  readonly perAddress: number;
}

const most = 512;
/** Descriptors for everything else: the other services, files, the broker. */
const reserve = 128;

/** A limit that leaves the process enough file descriptors for its other work. */
export function fittingLimit(descriptors = descriptorLimit()): ConnectionLimit {
  const total = Math.max(8, Math.min(most, Math.floor((descriptors - reserve) / 2)));
  return { total, perAddress: Math.ceil(total / 2) };
}

/**
 * Closes connections beyond the limit at once. @param onRefused called for each connection that is refused
 */
export function limitConnections(server: Server, limit: ConnectionLimit, onRefused: () => void): void {
  const byAddress = new Map<string, number>();
  server.maxConnections = limit.total;
  server.on('drop', onRefused);
  server.on('connection', (socket: Socket) => {
    const address = peerNetwork(socket.remoteAddress ?? '');
    const open = (byAddress.get(address) ?? 0) + 1;
    byAddress.set(address, open);
    socket.once('close', () => {
      const left = (byAddress.get(address) ?? 1) - 1;
      if (left > 0) byAddress.set(address, left);
      else byAddress.delete(address);
    });
    if (open <= limit.perAddress) return;
    socket.destroy();
    onRefused();
  });
}

/** How many files and connections the process may have open. */
function descriptorLimit(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
  } catch {
    // No Linux: no such file.
    return Number.POSITIVE_INFINITY;
  }
}
