import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readInto } from './read-into.ts';

/** So many pieces of 64 KiB, all of them there. */
function bodyOf(pieces: number): Readable {
  const body = new Readable({ highWaterMark: pieces * 65_536, read() {} });
  for (let at = 0; at < pieces; at++) body.push(Buffer.alloc(65_536, at));
  body.push(null);
  return body;
}

test('while a long body is read, others have their turns', async () => {
  const taken: Buffer[] = [];
  const reading = readInto(bodyOf(64), (chunk) => taken.push(chunk) > 0);
  let turns = 0;
  for (; taken.length < 64; turns++) await nextTurn();
  await reading;

  expect(turns).toBeGreaterThan(10);
});

test('a body that nobody wants more of is not read on', async () => {
  const body = bodyOf(64);
  let taken = 0;
  await readInto(body, () => ++taken < 3);

  expect(taken).toBe(3);
  expect(body.destroyed).toBe(true);
});

test('what goes wrong with a body, or with taking it, is the error', async () => {
  const broken = bodyOf(2);
  const reading = readInto(broken, () => true);
  broken.destroy(new Error('connection lost'));
  const refusing = readInto(bodyOf(2), () => {
    throw new Error('bug');
  });

  await expect(reading).rejects.toThrow('connection lost');
  await expect(refusing).rejects.toThrow('bug');
});
