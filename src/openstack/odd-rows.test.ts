import { expect, test } from 'vitest';
import { sessionsOn } from '../../test/support/sandbox-sessions.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { findDomain, findProject, findRole, findUsers } from './identity.ts';
import { listArchivePolicies } from './metric.ts';
import type { Session } from './session.ts';

/** For each list the search, the name that it looks for, and the result. */
const searches: readonly [
  list: string,
  search: (session: Session, name: string) => Promise<unknown>,
  name: string,
][] = [
  ['domains', findDomain, 'Default'],
  ['roles', findRole, 'admin'],
  ['projects', (session, name) => findProject(session, { name, domainId: 'default' }), 'admin'],
  ['users', async (session, name) => (await findUsers(session, { name }))[0], 'admin'],
];

test.each(searches)(
  'of %s an odd one hides no other, and may be the one that is not found',
  async (list, search, name) => {
    await using sandbox = await startSandbox({ projects: 1 });
    const { cloud, close } = sessionsOn(sandbox.config);
    const found = await search(cloud, name);
    const odd = { id: 'odd', name: ['odd'] };
    const heal = sandbox.faults.add({
      service: 'keystone',
      method: 'GET',
      path: new RegExp(`/${list}(\\?|$)`),
      kind: 'rewrite',
      rewrite: (body) => ({ [list]: [odd, ...((body as Record<string, unknown[]>)[list] ?? [])] }),
    });

    const besideOdd = await search(cloud, name);
    const another = await search(cloud, 'another').catch((error: unknown) => error);
    heal();
    const none = await search(cloud, 'another');
    await close();

    expect(found).toBeDefined();
    expect(besideOdd).toEqual(found);
    expect(String(another)).toContain(`${list}.0.`);
    expect(none).toBeUndefined();
  },
);

test('an archive policy that is not understood costs itself; where none is, Gnocchi has not answered', async () => {
  await using sandbox = await startSandbox({ projects: 1 });
  const { cloud, close } = sessionsOn(sandbox.config);
  const all = await listArchivePolicies(cloud);
  const rewrite = (isOdd: (at: number) => boolean) =>
    sandbox.faults.add({
      service: 'gnocchi',
      method: 'GET',
      path: /archive_policy$/,
      kind: 'rewrite',
      rewrite: (body) =>
        (body as object[]).map((row, at) =>
          isOdd(at) ? { ...row, definition: [{ granularity: 'odd' }] } : row,
        ),
    });

  const heal = rewrite((at) => at === 0);
  const others = await listArchivePolicies(cloud);
  heal();
  rewrite(() => true);
  const none = await listArchivePolicies(cloud).catch((error: unknown) => error);
  await close();

  expect(all.length).toBeGreaterThan(1);
  expect(others).toEqual(all.slice(1));
  expect(String(none)).toContain('definition');
});
