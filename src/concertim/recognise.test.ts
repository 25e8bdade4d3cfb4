import { expect, test } from 'vitest';
import { openAttemptsOf, recordings } from '../../test/support/recorded-portal.ts';
import { recognise } from './recognise.ts';

/** A portal that answers as a real one was recorded to. */
function portalOf(name: string) {
  const attempts = openAttemptsOf({ name });
  const asked: string[] = [];
  const ask = async (path: string) => {
    asked.push(path);
    const recorded = attempts.find((attempt) => attempt.method === 'GET' && attempt.path === path);
    if (!recorded) throw new Error(`Nothing was recorded of GET ${path} in ${name}.`);
    return recorded.status;
  };
  const signedIn = attempts.find((attempt) => attempt.name.startsWith('001 '))?.answer;
  return { ask, asked, signIn: Object.keys(signedIn ?? {}) };
}

test.each(recordings)(
  'release $name is recognised by what it was recorded to answer to at most four questions',
  async ({ name, release }) => {
    const { ask, asked, signIn } = portalOf(name);

    const profile = await recognise('http://portal', ask, new Set(signIn));

    expect(profile.release).toBe(release);
    expect(asked.length).toBeLessThanOrEqual(4);
  },
);

test('no sign-in is needed', async () => {
  const { ask } = portalOf('main');

  expect((await recognise('http://portal', ask, undefined)).release).toBe('main');
});

test('a sign-in that has what the release does not have is that of an unknown release', async () => {
  const { ask, signIn } = portalOf('main');

  await expect(recognise('http://portal', ask, new Set([...signIn, 'credits']))).rejects.toMatchObject({
    severity: 'fatal',
    message: expect.stringContaining('"credits". Nothing was written.'),
  });
});

test('a sign-in that lacks what the release has is that of an unknown release', async () => {
  const { ask, signIn } = portalOf('next');
  const names = signIn.filter((name) => name !== 'deleted_at');

  await expect(recognise('http://portal', ask, new Set(names))).rejects.toMatchObject({
    severity: 'fatal',
    message: expect.stringContaining('no "deleted_at"'),
  });
});

test('a portal that answers otherwise is tried again later where it may pass', async () => {
  await expect(recognise('http://portal', async () => 503, undefined)).rejects.toMatchObject({
    severity: 'transient',
    message: expect.stringContaining('503'),
  });
});
