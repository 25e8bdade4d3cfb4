import { expect, test } from 'vitest';
import { type Release, releases } from './profile.ts';
import { recognise } from './recognise.ts';

/** What each release answered to a GET without a token, as recorded; where nothing is said, 404. */
const served: Readonly<Record<Release, Readonly<Record<string, number>>>> = {
  '0.2.1': {},
  '2023-08': { '/users/key_pairs': 401 },
  '0.2.3': { '/users/key_pairs': 401, '/api/v1/data-source-maps': 401 },
  '1.1': { '/accounts/sign_in': 200, '/api/v1/data-source-maps': 401 },
  '1.2': { '/accounts/sign_in': 200, '/api/v1/data-source-maps': 401, '/api/v1/teams': 401 },
  main: {
    '/accounts/sign_in': 200,
    '/api/v1/data-source-maps': 401,
    '/api/v1/teams': 401,
    '/teams/00000000-0000-0000-0000-000000000000/usage_limits': 401,
  },
  next: {
    '/accounts/sign_in': 200,
    '/api/v1/data-source-maps': 401,
    '/api/v1/teams': 401,
    '/teams/00000000-0000-0000-0000-000000000000/usage_limits': 401,
    '/compute-unit-usage/volumes': 401,
  },
};

function portalOf(release: Release) {
  const asked: string[] = [];
  const ask = async (path: string) => {
    asked.push(path);
    return served[release][path] ?? 404;
  };
  return { ask, asked };
}

test.each(releases)('release %s is recognised by at most four questions', async (release) => {
  const { ask, asked } = portalOf(release);

  const profile = await recognise('http://portal', ask, undefined);

  expect(profile.release).toBe(release);
  expect(asked.length).toBeLessThanOrEqual(4);
});

test('a sign-in that has what the release does not have is that of an unknown release', async () => {
  const { ask } = portalOf('main');

  await expect(recognise('http://portal', ask, new Set(['deleted_at', 'credits']))).rejects.toMatchObject({
    severity: 'fatal',
    message: expect.stringContaining('"credits". Nothing was written.'),
  });
});

test('a sign-in that lacks what the release has is that of an unknown release', async () => {
  const { ask } = portalOf('next');

  await expect(recognise('http://portal', ask, new Set())).rejects.toMatchObject({ severity: 'fatal' });
});

test('a portal that answers otherwise is tried again later where it may pass', async () => {
  await expect(recognise('http://portal', async () => 503, undefined)).rejects.toMatchObject({
    severity: 'transient',
    message: expect.stringContaining('503'),
  });
});
