import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Release, releases } from './profile.ts';
import { recognise } from './recognise.ts';

interface Recording {
  /** By path, of GETs without a token. */
  readonly statuses: Readonly<Record<string, number>>;
  /** The names in the answer to a sign-in. */
  readonly signIn: readonly string[];
}

/** Recorded from the real portals, by release; v1.0.1 is served as `1.1`. */
const recordings = JSON.parse(
  readFileSync(new URL('../../test/fixtures/concertim/probes.json', import.meta.url), 'utf8'),
) as Readonly<Record<Release | '1.0.1', Recording>>;

function portalOf(release: Release | '1.0.1') {
  const { statuses, signIn } = recordings[release];
  const asked: string[] = [];
  const ask = async (path: string) => {
    asked.push(path);
    const status = statuses[path];
    if (status === undefined) throw new Error(`Nothing was recorded of GET ${path} in ${release}.`);
    return status;
  };
  return { ask, asked, signIn };
}

test.each([...releases, '1.0.1'] as const)(
  'release %s is recognised by what it was recorded to answer to at most four questions',
  async (release) => {
    const { ask, asked, signIn } = portalOf(release);

    const profile = await recognise('http://portal', ask, new Set(signIn));

    expect(profile.release).toBe(release === '1.0.1' ? '1.1' : release);
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
