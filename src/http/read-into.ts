import type { Readable } from 'node:stream';

/** After so many bytes other answers have their turn: a page of a long list takes 50 ms to read, in which they would wait. */
const bytesATurn = 256 * 1024;

/**
 * Reads a body until it ends, or until `take` wants no more. By its events: an iterator of a stream costs as much as parsing a short
 * answer, and there are thousands a second.
 */
export function readInto(body: Readable, take: (chunk: Buffer) => boolean): Promise<void> {
  let inThisTurn = 0;
  return new Promise((resolve, reject) => {
    body.on('data', (chunk: Buffer) => {
      try {
        if (!take(chunk)) {
          body.pause();
          body.destroy();
          resolve();
          return;
        }
        inThisTurn += chunk.length;
        if (inThisTurn < bytesATurn) return;
        inThisTurn = 0;
        body.pause();
        setImmediate(() => body.resume());
      } catch (error) {
        body.destroy(error as Error);
      }
    });
    body.once('end', resolve);
    // Also when it is destroyed before its end.
    body.once('error', reject);
  });
}
