import { expect, test } from 'vitest';
import { rolesIn } from './roles.ts';

const scrapes = (bulk: 0 | 1, mq: 0 | 1) => ({
  updates_bulk: `concertim_openstack_writer ${bulk}`,
  updates_mq: `concertim_openstack_writer ${mq}`,
  metrics: '',
  api: '',
});

test('the one that writes is the writer, the other is on standby', () => {
  expect(rolesIn(scrapes(1, 0))).toMatchObject({ updates_bulk: 'writer', updates_mq: 'standby' });
  expect(rolesIn(scrapes(0, 1))).toMatchObject({ updates_bulk: 'standby', updates_mq: 'writer' });
});

test('while neither writes, or both say so, the roles are as before', () => {
  const before = rolesIn(scrapes(0, 1));

  expect(rolesIn(scrapes(0, 0), before)).toBe(before);
  expect(rolesIn(scrapes(1, 1), before)).toBe(before);
});
