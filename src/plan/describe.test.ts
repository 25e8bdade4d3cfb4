import { expect, test } from 'vitest';
import { device, rack, template } from '../../test/support/builders.ts';
import type { Change, NewRackKey, Plan } from './change.ts';
import { describePlan, fieldsOf, isSecret, subjectOf } from './describe.ts';

const planOf = (changes: readonly Change[], rest: Partial<Plan> = {}): Plan => ({
  phases: [[{ name: 'stack', changes }]],
  held: [],
  warnings: [],
  unknownStates: [],
  ...rest,
});
const draft = {
  name: 'web',
  description: 'Nova server in OpenStack',
  status: 'ACTIVE',
  publicIps: '',
  privateIps: '',
  sshKey: '',
  loginUser: '',
  volumeDetails: {},
  metadata: {},
} as const;
const place = {
  rack: { kind: 'new', key: 'stack/1' as NewRackKey },
  template: { kind: 'new', foreignId: 'f-1' },
  startU: 1,
  draft,
} as const;
const reason = 'why';
const templateDraft = { ...template({ name: 'm1' }), description: '', foreignId: 'f-1' };
const rackDraft = { ...rack({ name: 'a' }), creationOutput: '' };

const everyKind: readonly [Change, string][] = [
  [{ kind: 'create-template', draft: templateDraft, reason }, '+ template m1: why'],
  [
    { kind: 'update-template', template: template({ id: 3 }), patch: {}, reason },
    '~ template template (3): why',
  ],
  [{ kind: 'delete-template', template: template({ id: 3 }), reason }, '- template template (3): why'],
  [{ kind: 'create-rack', key: 'k' as NewRackKey, draft: rackDraft, reason }, '+ rack a: why'],
  [{ kind: 'update-rack', rack: rack({ id: 4 }), patch: {}, reason }, '~ rack rack (4): why'],
  [{ kind: 'delete-rack', rack: rack({ id: 4 }), reason }, '- rack rack (4): why'],
  [{ kind: 'create-device', ...place, reason }, '+ device web: why'],
  [{ kind: 'update-device', device: device({ id: 5 }), patch: {}, reason }, '~ device device (5): why'],
  [{ kind: 'replace-device', device: device({ id: 5 }), ...place, reason }, '± device device (5): why'],
  [{ kind: 'delete-device', device: device({ id: 5 }), reason }, '- device device (5): why'],
];

test.each(everyKind)('%o', (change, line) => {
  expect(describePlan(planOf([change])).split('\n')[0]).toBe(line);
  expect(subjectOf(change).object).toBe(change.kind.split('-')[1]);
});

test('a change shows field by field what the portal has and what it will have', () => {
  const change: Change = {
    kind: 'update-device',
    device: device({ name: 'web', status: 'ACTIVE', sshKey: null }),
    patch: { name: 'www', sshKey: 'key' },
    reason,
  };

  expect(describePlan(planOf([change]))).toBe(
    '~ device web (1): why\n    name: "web" → "www"\n    sshKey: null → "key"\n',
  );
});

test('of an object only the keys that differ are shown, in whatever order they are', () => {
  const change: Change = {
    kind: 'update-device',
    device: device({ metadata: { note: 'x', nets: { lan: [{ addr: '10.0.0.1', mac: null }] } } }),
    patch: { metadata: { nets: { lan: [{ mac: null, addr: '10.0.0.1' }] }, note: 'x', constructor: 1 } },
    reason,
  };

  expect(fieldsOf(change)).toEqual([{ field: 'metadata.constructor', from: undefined, to: 1 }]);
});

test("a stack's outputs may be secret: that they differ is said, not how", () => {
  const change: Change = {
    kind: 'update-rack',
    rack: rack({ creationOutput: 'p=hunter1', metadata: { openstack_stack_output: { p: 'hunter1' } } }),
    patch: { creationOutput: 'p=hunter2', metadata: { openstack_stack_output: { p: 'hunter2' } } },
    reason,
  };

  const text = describePlan(planOf([change]));

  expect(text).toContain('creationOutput: differs');
  expect(text).toContain('metadata.openstack_stack_output.p: differs');
  expect(text).not.toContain('hunter');
  expect(isSecret('metadata.openstack_stack_output')).toBe(true);
  expect(isSecret('metadata.openstack_stack_id')).toBe(false);
});

test('a long value is cut', () => {
  const patch = { sshKey: 'k'.repeat(500) };
  const change: Change = { kind: 'update-device', device: device(), patch, reason };

  for (const line of describePlan(planOf([change])).split('\n')) expect(line.length).toBeLessThan(150);
});

test('what is held back, not known and warned of is told', () => {
  const text = describePlan(
    planOf([], {
      held: [{ kind: 'rack', id: 7, name: 'a', reason: 'device switch stays in it' }],
      unknownStates: [{ id: 'web', state: 'dreaming' }],
      warnings: ['look at this'],
    }),
  );

  expect(text).toBe(
    '= rack a (7): left alone, device switch stays in it\n? web: unknown state dreaming\n! look at this\n',
  );
});

test('an empty plan says so', () => {
  expect(describePlan(planOf([]))).toBe('In step: nothing to change.\n');
});
