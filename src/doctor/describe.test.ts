import { expect, test } from 'vitest';
import { describeDiagnosis } from './describe.ts';
import { error, ok } from './finding.ts';

const diagnosis = {
  findings: [
    error('keystone.roles', {
      found: 'There is no role watcher, which is looked for among the roles of all domains of Keystone',
      why: 'The projects of portal users are made with it, and cannot be made as long as it is not there.',
      repair: 'openstack role create watcher; and then some more words, so that all of it has no room',
    }),
    ok('keystone.users', 'There is a user concertim'),
  ],
  unchecked: [],
};

test('on a terminal no line is longer than it is wide, but for repairs, which are copied', () => {
  const lines = describeDiagnosis(diagnosis, 80).split('\n');

  const [repair = '', ...more] = lines.filter((line) => line.length > 80);
  expect(repair).toMatch(/^ +repair: openstack role create watcher; .* no room$/);
  expect(more).toEqual([]);
  expect(lines.slice(0, 4)).toEqual([
    '✓ keystone.users  There is a user concertim',
    '✗ keystone.roles  There is no role watcher, which is looked for among the roles',
    '                  of all domains of Keystone',
    '                  The projects of portal users are made with it, and cannot be',
  ]);
});

test('in a file every text is a line', () => {
  const lines = describeDiagnosis(diagnosis).split('\n');

  expect(lines).toHaveLength(6);
  expect(lines.at(-1)).toBe('1 error, 0 warnings.');
});
