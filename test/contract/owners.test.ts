import { describe, expect, onTestFinished, test } from 'vitest';
import { isTaken } from '../../src/concertim/errors.ts';
import type { OwnerPatch } from '../../src/concertim/model.ts';
import { listOwners, updateOwner } from '../../src/concertim/owners.ts';
import { profiles, type Release, releases } from '../../src/concertim/profile.ts';
import { Session } from '../../src/concertim/session.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { Faults } from '../../src/sandbox/faults.ts';
import { Portal } from '../../src/sandbox/portal/portal.ts';
import { startPortal } from '../../src/sandbox/portal/start-portal.ts';

/**
 * What each release lets the service write to an owner, a user or a team: an unknown field of a user is an
 * error that stores nothing.
 */

const now = Date.UTC(2026, 10, 22);
const clock = { now: () => now, sleep: async () => undefined };

const everything: Required<OwnerPatch> = {
  projectId: '0'.repeat(31) + '2',
  billingAccountId: 'account-2',
  cost: 12.5,
  credits: 7.25,
  billingPeriod: { start: '2026-11-01', end: '2026-12-01' },
};

/** The columns that each release has, from the recordings. */
const stored: Readonly<Record<Release, readonly string[]>> = {
  '0.2.1': ['project_id'],
  '2023-08': ['project_id', 'cost', 'billing_period_start', 'billing_period_end'],
  '0.2.3': ['project_id', 'billing_acct_id', 'cost', 'billing_period_start', 'billing_period_end'],
  '1.1': ['project_id', 'billing_acct_id', 'cost', 'credits', 'billing_period_start', 'billing_period_end'],
  '1.2': ['project_id', 'billing_acct_id', 'cost', 'credits', 'billing_period_start', 'billing_period_end'],
  main: ['project_id', 'billing_acct_id', 'cost', 'credits', 'billing_period_start', 'billing_period_end'],
  next: ['project_id'],
};
const written = {
  project_id: everything.projectId,
  billing_acct_id: everything.billingAccountId,
  cost: everything.cost,
  credits: everything.credits,
  billing_period_start: everything.billingPeriod.start,
  billing_period_end: everything.billingPeriod.end,
} as const;

async function start(release: Release) {
  const portal = new Portal({ release, clock });
  const service = await startPortal({ portal, faults: new Faults() });
  const session = new Session({ url: service.url, login: 'admin', password: new Secret('admin'), clock });
  onTestFinished(async () => {
    await session.close();
    await service.close();
  });
  const alice = portal.addUser({ login: 'alice', project_id: '0'.repeat(31) + '1' });
  const bob = portal.addUser({ login: 'bob', project_id: '0'.repeat(31) + '3' });
  const owners = await listOwners(session, { profile: profiles[release] });
  const named = (login: string) => {
    const owner = owners.find(({ name }) => name.startsWith(login));
    if (!owner) throw new Error(`no owner ${login}`);
    return owner;
  };
  return { portal, service, session, alice, bob, named };
}

describe.each(releases)('an owner of a portal of release %s', (release) => {
  test('takes what the release has, and nothing of the rest is sent', async () => {
    const { portal, service, session, alice, named } = await start(release);
    const before = portal.users.get(alice.id);

    await updateOwner(session, named('alice'), everything);

    const after = portal.users.get(alice.id);
    expect(after).toMatchObject(
      Object.fromEntries(stored[release].map((name) => [name, written[name as never]])),
    );
    const others = Object.keys(written).filter((name) => !stored[release].includes(name));
    for (const name of others) expect(after?.[name as never], name).toEqual(before?.[name as never]);
    const [patch] = service.seen.filter(({ method }) => method === 'PATCH');
    expect(patch?.url).toMatch(releases.indexOf(release) < releases.indexOf('1.2') ? /users\// : /teams\//);
  });

  test('whose project is another’s is refused, and keeps its own', async () => {
    const { portal, session, alice, bob, named } = await start(release);

    const refusal: unknown = await updateOwner(session, named('alice'), {
      projectId: bob.project_id ?? '',
    }).then(
      () => undefined,
      (error: unknown) => error,
    );

    expect(isTaken(refusal)).toBe(true);
    expect(portal.users.get(alice.id)?.project_id).toBe(alice.project_id);
  });

  test('that has nothing to change in this release is not queried', async () => {
    const { service, session, named } = await start(release);
    const owner = named('alice');

    const absent = { billingAccountId: 'a', cost: 1, credits: 1 };
    const known = new Set<string>(profiles[release].ownerFields);
    await updateOwner(
      session,
      owner,
      Object.fromEntries(Object.entries(absent).filter(([field]) => !known.has(field))),
    );

    expect(service.seen.filter(({ method }) => method === 'PATCH')).toEqual([]);
  });
});
