import { expect, test } from 'vitest';
import { teamProjectNameFor, userNameFor, userProjectNameFor } from './cloud-names.ts';

test('a name that fits is kept as it is', () => {
  expect(userNameFor('alice')).toBe('CM_alice');
  expect(userProjectNameFor('a'.repeat(56))).toBe(`CM_${'a'.repeat(56)}_proj`);
  expect(teamProjectNameFor('a team')).toBe('CM_a team');
  expect(teamProjectNameFor('a'.repeat(61))).toBe(`CM_${'a'.repeat(61)}`);
});

test.each([57, 80, 300])('a login of %i characters gives a project name of 64, always the same', (length) => {
  const name = userProjectNameFor('a'.repeat(length));

  expect(Array.from(name)).toHaveLength(64);
  expect(name).toMatch(/^CM_a+~[\da-f]{10}_proj$/);
  expect(userProjectNameFor('a'.repeat(length))).toBe(name);
});

test('two logins that differ at their ends alone give two names', () => {
  const login = 'x'.repeat(79);

  expect(userProjectNameFor(`${login}1`)).not.toBe(userProjectNameFor(`${login}2`));
});

test('characters beyond the basic plane count once and are not cut in two', () => {
  const name = userProjectNameFor('𝒶'.repeat(80));

  expect(Array.from(name)).toHaveLength(64);
  expect(name.isWellFormed()).toBe(true);
});
