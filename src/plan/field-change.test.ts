import { expect, test } from 'vitest';
import { device } from '../../test/support/builders.ts';
import type { Change } from './change.ts';
import { fieldsOf, isSecret } from './field-change.ts';

test('of an object only the keys that differ are shown, in whatever order they are', () => {
  const change: Change = {
    kind: 'update-device',
    device: device({ metadata: { note: 'x', nets: { lan: [{ addr: '10.0.0.1', mac: null }] } } }),
    patch: { metadata: { nets: { lan: [{ mac: null, addr: '10.0.0.1' }] }, note: 'x', constructor: 1 } },
    reason: 'why',
    reasonCode: 'device-differs',
  };

  expect(fieldsOf(change)).toEqual([{ field: 'metadata.constructor', from: undefined, to: 1 }]);
});

test('the outputs of a stack are secret, its id is not', () => {
  expect(isSecret('creationOutput')).toBe(true);
  expect(isSecret('metadata.openstack_stack_output')).toBe(true);
  expect(isSecret('metadata.openstack_stack_id')).toBe(false);
});
