/** Portals call everything at the same time: each call gets the answer that it would get alone. */
import { expect, test } from 'vitest';
import { startApiCloud } from '../support/api-cloud.ts';

const rounds = 30;

test('300 calls of all kinds at once, sign-ups with their repeats among them, are all done', async () => {
  await using cloud = await startApiCloud({ sandbox: { servers: 20 } });
  const { api, admin, user, servers } = cloud;
  const { identity } = cloud.sandbox.cloud;
  /** Ten people, each of whom is signed up three times. */
  const person = (round: number) => {
    const username = `load${round % 10}`;
    return { username, password: `password-of-${username}`, email: `${username}@example.org` };
  };
  const calls = Array.from({ length: rounds }, (_, round) => [
    api.send('POST', `/update_status/devices/${servers[round % servers.length]}`, {
      cloud_env: user,
      action: round < servers.length ? 'off' : 'destroy',
    }),
    api.send('GET', '/key_pairs', { cloud_env: user }),
    api.send('GET', '/team/limits', { cloud_env: user }),
    api.send('GET', '/statistics'),
    api.send('POST', '/user', { cloud_env: admin, ...person(round) }),
    api.send('POST', '/team', { cloud_env: admin, name: `${person(round).username}_team` }),
    api.send('POST', '/create_user_project', {
      cloud_env: admin,
      ...person(round),
      username: `${person(round).username}-of-2023`,
    }),
    api.send('POST', '/get_credits', { credits: { billing_account_id: 'acct-1' } }),
    api.send('POST', '/list_paginated_invoices', {
      invoices: { billing_acct_id: 'acct-1', offset: 0, limit: 20 },
    }),
    api.send('POST', '/team', { cloud_env: admin, name: 'everybody' }),
  ]).flat();

  const answers = await Promise.all(calls);

  const refused = answers.filter(({ status }) => status >= 300);
  expect(refused.map(({ status, body }) => `${status} ${body.message}`)).toEqual([]);
  const names = [...identity.users.values(), ...identity.projects.values()].map(({ name }) => name);
  const made = names.filter((name) => /^CM_(load|everybody)/.test(name));
  expect(made).toHaveLength(10 + 10 + 2 * 10 + 1);
  expect(new Set(made).size).toBe(10 + 10 + 2 * 10 + 1);
});
