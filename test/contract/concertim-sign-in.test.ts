import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Session } from '../../src/concertim/session.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { type Attempt, openAttemptsOf, recordings } from '../support/recorded-portal.ts';

/** Our client signs in to what the real releases answered, and knows which one it is. */

describe.each(recordings)('recording $name', (recording) => {
  const attempts = openAttemptsOf(recording);
  const named = (part: string) => {
    const attempt = attempts.find(({ name }) => name.slice(4).startsWith(part));
    if (!attempt) throw new Error(`nothing was recorded of ${part}`);
    return attempt;
  };

  test('a super-user is signed in, and the release is known', async () => {
    await using portal = await serve(attempts);
    const session = sessionOf(portal.url, named('login-ok-admin'));

    expect((await session.profile()).release).toBe(recording.release);

    await session.close();
  });

  test.each([
    ['login-ok-non-root', /is not a super-user of Concertim/],
    ['login-wrong-password', /sign-in of "admin".*Invalid Login or password/],
  ])('%s is a failure that says what to do', async (part, message) => {
    await using portal = await serve(attempts);
    const session = sessionOf(portal.url, named(part));

    await expect(session.profile()).rejects.toMatchObject({
      severity: 'fatal',
      message: expect.stringMatching(message),
      hint: expect.stringContaining('concertim_username'),
    });

    await session.close();
  });
});

function sessionOf(url: string, { body }: Attempt): Session {
  const { user } = body as { readonly user: { readonly login: string; readonly password: string } };
  return new Session({ url, login: user.login, password: new Secret(user.password) });
}

/** Answers a recorded request as recorded, and any other with 501. */
async function serve(attempts: readonly Attempt[]) {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const sent = await text(request);
    const body: unknown = sent === '' ? null : JSON.parse(sent);
    const recorded = attempts.find(
      ({ method, path, body: theirs }) =>
        method === request.method && path === request.url && isDeepStrictEqual(theirs, body),
    );
    const isSignedIn = recorded?.status === 201;
    response
      .writeHead(recorded?.status ?? 501, {
        'content-type': 'application/json',
        ...(isSignedIn && { authorization: 'Bearer e30.e30.c2ln' }),
      })
      .end(JSON.stringify(recorded?.answer ?? {}));
  };
  const server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
