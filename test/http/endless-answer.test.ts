/** An answer of 1 GB: refused at the limit, whatever it says of its length, and without memory for more than the limit. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { parseJson } from '../../src/http/body.ts';
import { HttpClient } from '../../src/http/client.ts';
import { listen } from '../support/listen.ts';

const gigabyte = 1024 ** 3;
const part = Buffer.alloc(1024 * 1024, ' ');
const script = new URL('read-endless.ts', import.meta.url).pathname;
const run = promisify(execFile);

/** Reads from a server that sends 1 GB, in a process of its own. */
async function read(headers: Record<string, string | number>, maxMiB?: number) {
  let sent = 0;
  await using server = await listen((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    const send = () => {
      while (sent < gigabyte && !response.destroyed) {
        sent += part.length;
        if (!response.write(part)) return;
      }
      response.end();
    };
    response.on('drain', send);
    send();
  });
  const limit = maxMiB === undefined ? [] : [String(maxMiB * 1024 * 1024)];
  const { stdout } = await run(process.execPath, [script, server.url, ...limit]);
  const { outcome, grownMiB } = JSON.parse(stdout) as { outcome: string; grownMiB: number };
  return { outcome, grownMiB, sentMiB: sent / 1024 / 1024 };
}

test.for([
  ['that tells its length', { 'content-length': gigabyte }],
  ['that does not', {}],
] as [string, Record<string, number>][])('a gigabyte %s is refused at the limit', async ([, headers]) => {
  const { outcome, grownMiB, sentMiB } = await read(headers, 32);

  expect(outcome).toMatch(/^BodyError: Nova answered .* with more than this service is willing to read/);
  expect(grownMiB).toBeLessThan(200);
  expect(sentMiB).toBeLessThan(200);
});

test('without a limit of its own a client reads 32 MiB of what is no list, and no more', async () => {
  const { outcome, grownMiB, sentMiB } = await read({});

  expect(outcome).toContain('more than this service is willing to read');
  expect(grownMiB).toBeLessThan(200);
  expect(sentMiB).toBeLessThan(200);
});

test('a bomb that says it is compressed is not unpacked', async () => {
  // 64 MiB in 64 KiB: nobody asked for it, and nothing here unpacks it.
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '));
  await using server = await listen((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb);
  });
  await using client = closing(new HttpClient({ service: 'Nova', maxBytes: 1024 * 1024 }));

  const answer = await client.request({ method: 'GET', url: server.url, route: '/' });

  expect(answer.text.length).toBeLessThanOrEqual(bomb.length);
  expect(() => parseJson(answer)).toThrow('that is not JSON');
});

function closing(client: HttpClient): HttpClient & AsyncDisposable {
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}
