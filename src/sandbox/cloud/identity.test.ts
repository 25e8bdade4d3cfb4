import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { Identity } from './identity.ts';
import { Ids, randomFor } from './ids.ts';
import { Timeline } from './timeline.ts';

function start(tokenLifetimeS = 60) {
  const clock = new ManualClock();
  const identity = new Identity({
    timeline: new Timeline(clock, 1),
    ids: new Ids(randomFor(1, 'identity')),
    tokenIds: new Ids(randomFor(1, 'tokens')),
    tokenLifetimeS,
  });
  const project = identity.createProject({ name: 'project' });
  const user = identity.createUser({ name: 'user', password: 'secret' });
  identity.grant(user, project, 'admin');
  const issue = () => identity.issueToken({ user, project, methods: ['password'] });
  return { clock, identity, project, user, issue };
}

describe('a token', () => {
  test('is good until its lifetime has passed by the clock', () => {
    const { clock, identity, issue } = start(60);
    const token = issue();

    clock.advance(59_000);
    expect(identity.token(token.id)).toBe(token);
    clock.advance(1_000);
    expect(identity.token(token.id)).toBeUndefined();
  });

  test('got with another one ends when that one does', () => {
    const { clock, identity, user, project, issue } = start(60);
    const first = issue();
    clock.advance(30_000);

    const second = identity.issueToken({ user, project, methods: ['password', 'token'], parent: first });

    expect(second.expiresAt).toBe(first.expiresAt);
    expect(second.auditIds).toEqual([expect.any(String), first.auditIds[0]]);
  });

  test('ends at once when its user gets another password, is disabled or deleted, or its project is deleted', () => {
    for (const end of [
      ({ identity, user }: ReturnType<typeof start>) => identity.updateUser(user, { password: 'new' }),
      ({ identity, user }: ReturnType<typeof start>) => identity.updateUser(user, { enabled: false }),
      ({ identity, user }: ReturnType<typeof start>) => identity.deleteUser(user),
      ({ identity, project }: ReturnType<typeof start>) => identity.deleteProject(project),
      ({ identity }: ReturnType<typeof start>) => identity.revokeAllTokens(),
    ]) {
      const like = start();
      const token = like.issue();

      end(like);

      expect(like.identity.token(token.id)).toBeUndefined();
    }
  });

  test('survives a change of the user that has nothing to do with signing in', () => {
    const { identity, user, issue } = start();
    const token = issue();

    identity.updateUser(user, { email: 'user@example.com' });

    expect(identity.token(token.id)).toBe(token);
  });

  test('carries the roles granted in its project and those that they imply', () => {
    const { issue } = start();

    expect(issue().roles.map(({ name }) => name)).toEqual(['admin', 'member', 'reader']);
  });
});

test('a deleted project takes its grants along', () => {
  const { identity, user, project } = start();

  identity.deleteProject(project);

  expect(identity.projectsOf(user)).toEqual([]);
  expect(identity.rolesOf(user, project)).toEqual([]);
});

test('a role that the sandbox does not have is an error that lists those it has', () => {
  const { identity, user, project } = start();

  expect(() => identity.grant(user, project, 'owner')).toThrow(/no role "owner": admin, member/);
});
