import { assert, property } from 'fast-check';
import { expect, test } from 'vitest';
import {
  cloud,
  device,
  emptyPlan,
  owner,
  portal,
  rack,
  server,
  settings,
  template,
  tree,
} from '../../test/support/builders.ts';
import { observe } from '../../test/support/paper-cloud.ts';
import { situation } from '../../test/support/situations.ts';
import type { Change, Held, NewRackKey, Plan } from './change.ts';
import { describePlan } from './describe.ts';
import { plan } from './plan.ts';
import { because } from './reason.ts';

const planOf = (changes: readonly Change[], rest: Partial<Plan> = {}): Plan =>
  emptyPlan({ phases: [[{ name: 'stack', changes }]], ...rest });
const draft = {
  kind: 'server',
  createdAt: '2026-11-22T12:00:00Z',
  name: 'web',
  description: 'Nova server in OpenStack',
  status: 'ACTIVE',
  publicIps: '203.0.113.7',
  privateIps: '10.0.0.7',
  sshKey: '',
  loginUser: '',
  volumeDetails: {},
  metadata: { openstack_instance_id: 'e5a1' },
} as const;
const reason = { reason: 'why', reasonCode: 'device-differs' } as const;
const shown = portal({
  owners: [owner({ id: 1, name: 'alice' }), owner({ id: 2, name: 'bob', projectId: 'other' })],
  racks: [
    rack({ id: 4, name: 'web', metadata: { openstack_stack_id: '57ac' } }),
    rack({ id: 6, name: 'web', ownerId: 2, metadata: { openstack_stack_id: '0b0b' } }),
  ],
  devices: [
    device({ id: 5, name: 'db', metadata: { openstack_instance_id: 'd1b5' }, location: { rackId: 4 } }),
    device({ id: 8, name: 'db', metadata: { openstack_instance_id: '77aa' }, location: { rackId: 6 } }),
  ],
  templates: [template({ id: 3, name: 'm1.small', foreignId: 'f-3' })],
});
const [alices, bobs] = shown.racks;
const [db, bobsDb] = shown.devices;
const [small] = shown.templates;
if (!alices || !bobs || !db || !bobsDb || !small) throw new Error('the portal of this test is incomplete');
const newDevice = {
  rack: { kind: 'present', id: alices.id },
  template: { kind: 'new', key: 'f-9' },
  startU: 7,
  draft,
} as const;
const everyKind: readonly Change[] = [
  {
    kind: 'create-template',
    draft: {
      ...template({ name: 'm1.large', vcpus: 4, ram: 8192, disk: 80 }),
      description: '',
      foreignId: 'f-9',
      tag: undefined,
    },
    ...because('template-missing'),
  },
  { kind: 'update-template', template: small, patch: { ram: 4096 }, ...because('template-differs') },
  {
    kind: 'create-rack',
    key: 'k' as NewRackKey,
    draft: {
      ...rack({ name: 'new' }),
      creationOutput: '',
      networkDetails: {},
      orderId: '57ac',
      createdAt: '2026-11-22T12:00:00Z',
      clusterType: undefined,
    },
    ...because('rack-missing', { object: 'stack' }),
  },
  {
    kind: 'update-rack',
    rack: alices,
    patch: { status: 'STOPPED', height: 44 },
    ...because('rack-differs', { object: 'stack' }),
  },
  { kind: 'create-device', ...newDevice, ...because('device-missing', { object: 'server' }) },
  {
    kind: 'update-device',
    device: db,
    patch: { status: 'STOPPED', sshKey: 'k'.repeat(60) },
    ...because('device-differs', { object: 'server' }),
  },
  {
    kind: 'replace-device',
    device: bobsDb,
    ...newDevice,
    startU: 9,
    draft: { ...draft, name: 'db-2' },
    ground: 'moved',
    ...because('device-moved', { object: 'server' }),
  },
  {
    kind: 'delete-device',
    device: bobsDb,
    ground: 'deleted',
    ...because('cloud-object-gone', { object: 'server' }),
  },
  {
    kind: 'delete-rack',
    rack: bobs,
    ground: 'deleted',
    ...because('cloud-object-gone', { object: 'stack' }),
  },
];
const held: readonly Held[] = [{ kind: 'device', id: 5, name: 'db', ...because('query-failed') }];

test.each([80, 140])('a plan in %i columns', async (width) => {
  const text = describePlan(planOf(everyKind, { held, warnings: ['look at this'] }), shown, { width });

  await expect(text).toMatchFileSnapshot(`__snapshots__/plan-${width}.txt`);
});

test('no two lines of a plan are equal', () => {
  assert(
    property(situation, (given) => {
      const changes = plan(observe(given.cloud, given.portal, given.memory), given.portal, given.settings);

      const lines = describePlan(changes, given.portal, { width: 80 }).trimEnd().split('\n');

      expect(lines.toSorted()).toEqual([...new Set(lines)].toSorted());
    }),
    { numRuns: Number(process.env['PLAN_RUNS'] ?? 200) },
  );
});

test('a value is cut where it is long; names and ids never are', () => {
  const name = 'n'.repeat(150);
  const change: Change = {
    kind: 'update-device',
    device: { ...db, name },
    patch: { sshKey: 'k'.repeat(500) },
    ...reason,
  };

  const text = describePlan(planOf([change]), shown, { width: 80 });

  expect(text).toContain(`~ device ${name} (5, server d1b5): `);
  expect(text).not.toContain('k'.repeat(50));
});

test("a stack's outputs may be secret: that they differ is said, not how", () => {
  const change: Change = {
    kind: 'update-rack',
    rack: rack({ creationOutput: 'p=hunter1', metadata: { openstack_stack_output: 'p=hunter1' } }),
    patch: { creationOutput: 'p=hunter2', metadata: { openstack_stack_output: 'p=hunter2' } },
    ...reason,
  };

  const text = describePlan(planOf([change]), shown, { width: 300 });

  expect(text).toContain('creationOutput differs; metadata.openstack_stack_output differs; ');
  expect(text).not.toContain('hunter');
});

test('what does not fit the screen is counted, and the totals stay in sight', () => {
  const lines = describePlan(planOf(everyKind), shown, { rows: 4, width: 1_000 }).trimEnd().split('\n');

  expect(lines).toHaveLength(5);
  expect(lines[3]).toBe('… 9 more lines: --all shows them');
  expect(lines[4]).toBe('3 to create, 3 to change, 1 to replace, 2 to delete');
});

test('a line that is longer than the screen is wide counts as the rows that it takes', () => {
  const width = 60;
  const rows = 10;
  const rowsOf = (line: string) => Math.max(1, Math.ceil(line.length / width));

  const lines = describePlan(planOf(everyKind), shown, { rows, width }).trimEnd().split('\n').slice(0, -1);

  const all = describePlan(planOf(everyKind), shown, { width }).split('\n');
  const filled = lines.reduce((sum, line) => sum + rowsOf(line), 0);
  expect(lines.at(-1)).toBe(`… ${all.length - 2 - (lines.length - 1)} more lines: --all shows them`);
  expect(filled).toBeLessThanOrEqual(rows);
  // The next line would not have fitted.
  expect(filled + rowsOf(all[lines.length - 1] ?? '')).toBeGreaterThan(rows);
});

test('a plan is in step only where all was read, and nothing is held', () => {
  const problem = 'Heat answered 503';
  const unread = [{ object: 'stack', id: '57ac', name: 'web', problem }] as const;

  expect(describePlan(planOf([]), shown)).toBe('In step: nothing to change.\n');
  expect(describePlan(planOf([]), shown, { unread })).toBe(
    '? stack web (57ac) cannot be read: Heat answered 503\n0 to create, 0 to change, 0 to delete; 1 could not be read\n',
  );
  expect(describePlan(planOf([], { held }), shown)).toContain(
    '1 held: OpenStack does not list it, and the query by its id failed (1)',
  );
  expect(describePlan(planOf([], { unknownStates: [{ id: 'web', state: 'dreaming' }] }), shown)).toContain(
    '? web: OpenStack reports the unknown state dreaming',
  );
});

test('a name with line feeds makes no line of its own', () => {
  const name = 'web\nIn step: nothing to change.\n';
  const unread = [{ object: 'stack', id: '57ac', name, problem: name }] as const;

  const lines = describePlan(
    planOf([], { warnings: [name], unknownStates: [{ id: name, state: name }] }),
    shown,
    { unread },
  )
    .trimEnd()
    .split('\n');

  expect(lines).toHaveLength(4);
  expect(lines[0]).toContain('? stack web\\u{a}In step: nothing to change.\\u{a} (57ac) cannot be read');
});

test('of a flavor without a known size what is known is said', () => {
  const [create, ...others] = everyKind;
  if (create?.kind !== 'create-template') throw new Error('the first change is no template');
  const unknown = { ...create, draft: { ...create.draft, ram: null, disk: null } };
  const described = describePlan(planOf([unknown, ...others]), shown);

  expect(described).toContain('m1.large (flavor f-9): 1 U, 4 vCPU; its flavor');
});

test('a first run names what each rack and device will have', () => {
  const first = plan(
    cloud({ servers: [server()], trees: [tree({ servers: ['server'] })] }),
    portal(),
    settings(),
  );

  expect(describePlan(first, portal())).toBe(
    [
      'Templates',
      '  + template flavor (flavor flavor): 1 U, 1 vCPU, 2048 MiB memory, 20 GiB disk; its flavor has no template yet',
      'Owner alice',
      '  + rack stack (stack stack): 42 U, ACTIVE; its stack has no rack yet',
      '    + device server (server server): unit 42, template flavor, ACTIVE; its server has no device yet',
      '3 to create, 0 to change, 0 to delete',
      '',
    ].join('\n'),
  );
});
