import { expect, test } from 'vitest';
import { ConcertimError } from '../../src/concertim/errors.ts';
import type {
  Device,
  DeviceContent,
  DevicePatch,
  PortalSnapshot,
  Rack,
  RackDraft,
  RackPatch,
  Template,
  TemplateDraft,
} from '../../src/concertim/model.ts';
import { type Release, releases } from '../../src/concertim/profile.ts';
import { Session } from '../../src/concertim/session.ts';
import { readPortal } from '../../src/concertim/snapshot.ts';
import { Tracing } from '../../src/observability/tracing.ts';
import type { Change, NewDevice, NewRackKey, Plan, RackRef } from '../../src/plan/change.ts';
import { foreseeRefusals } from '../../src/plan/foresee-refusals.ts';
import { because } from '../../src/plan/reason.ts';
import { refusals } from '../../src/plan/refusal.ts';
import { Subjects } from '../../src/plan/subject.ts';
import { applyPlan } from '../../src/reconcile/apply.ts';
import { PortalMirror } from '../../src/reconcile/mirror.ts';
import type { Outcome } from '../../src/reconcile/outcome.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { Faults } from '../../src/sandbox/faults.ts';
import { Portal } from '../../src/sandbox/portal/portal.ts';
import { startPortal } from '../../src/sandbox/portal/start-portal.ts';
import { emptyPlan } from '../support/builders.ts';

/* Compares the refusals that a plan foresees with those of the portal, in every release. */

test.each(releases)(
  'release %s refuses what is foreseen, for the same field, and nothing else',
  async (release) => {
    await using there = await startFilledPortal(release);
    const changes = attempts(there.snapshot);
    const plan = planOf(changes);

    const foreseen = foreseeRefusals(plan, there.snapshot);
    const outcomes = await there.carryOut(plan);

    expect(outcomes).toHaveLength(changes.length);
    const wrong = outcomes.flatMap((outcome, at) => {
      const code = foreseen.get(outcome.change);
      const isAsForeseen = (outcome.kind !== 'done') === (code !== undefined) && namesField(outcome, code);
      return isAsForeseen ? [] : [{ at, change: outcome.change, code, outcome: describe(outcome) }];
    });
    expect(wrong).toEqual([]);
    expect(foreseen.size).toBeGreaterThan(20);
  },
);

test('every refusal is met in some release', async () => {
  const met = new Set<string>();
  for (const release of releases) {
    await using there = await startFilledPortal(release);
    for (const code of foreseeRefusals(planOf(attempts(there.snapshot)), there.snapshot).values())
      met.add(code);
  }

  expect([...met].sort()).toEqual(Object.keys(refusals).sort());
});

/**
 * A portal with the racks `web`, which holds a device, `empty`, and two `twin` of one owner, as an accident
 * may leave them.
 */
async function startFilledPortal(release: Release) {
  const portal = new Portal({ release });
  const service = await startPortal({ portal, faults: new Faults() });
  const session = new Session({
    url: service.url,
    login: 'admin',
    password: new Secret('admin'),
    clock: { now: () => systemClock.now(), sleep: async () => undefined },
  });
  const { id: user_id } = portal.addUser({ login: 'alice', project_id: '6fca3f5c1b5d4a3e9b1c9c5ad1f0b001' });
  const { id: template_id } = portal.addTemplate({ name: 'm1.small', height: 2, foreign_id: 'f1' });
  portal.addTemplate({ name: 'unused', height: 1, foreign_id: 'f2' });
  for (const [at, name] of ['web', 'empty', 'twin', 'twin'].entries()) {
    portal.addRack({ user_id, name, u_height: 10, order_id: `order-${at}` });
  }
  const [web, , twin] = portal.racks.all();
  const place = { start_u: 4, end_u: 5, facing: 'f', template_id } as const;
  portal.addDevice({ name: 'db', rack_id: web?.id ?? 0, ...place });
  portal.addDevice({ name: 'db', rack_id: twin?.id ?? 0, ...place });
  const snapshot = await readPortal(session);
  return {
    snapshot,
    async carryOut(plan: Plan) {
      const outcomes: Outcome[] = [];
      const mirror = new PortalMirror(snapshot);
      const subjects = new Subjects(plan, snapshot);
      await applyPlan(
        plan,
        { session, mirror },
        {
          onOutcome: (outcome) => outcomes.push(outcome),
          isContested: () => false,
          subjectOf: (change) => subjects.of(change),
          tracing: new Tracing(),
          clock: systemClock,
          isRead: () => true,
        },
      );
      return outcomes;
    },
    async [Symbol.asyncDispose]() {
      await session.close();
      await service.close();
    },
  };
}

/**
 * Changes on both sides of each rule, in order: a change that the portal accepts is there for the next one.
 */
function attempts(portal: PortalSnapshot): Change[] {
  const rackNamed = (name: string) => found<Rack>(portal.racks.find((rack) => rack.name === name));
  const templateNamed = (name: string) =>
    found<Template>(portal.templates.find((each) => each.name === name));
  const [web, empty, twin] = ['web', 'empty', 'twin'].map(rackNamed) as [Rack, Rack, Rack];
  const deviceIn = (rack: Rack) =>
    found<Device>(portal.devices.find(({ location }) => location?.rackId === rack.id));
  const [db, twinDb] = [deviceIn(web), deviceIn(twin)];
  const [small, unused] = [templateNamed('m1.small'), templateNamed('unused')];

  const templates = (fields: Partial<TemplateDraft>): Change => ({
    kind: 'create-template',
    draft: {
      name: 'new',
      description: '',
      height: 1,
      foreignId: fields.name ?? 'new',
      vcpus: 1,
      ram: 1,
      disk: 1,
      ...fields,
    },
    ...because('template-missing'),
  });
  const racks = (fields: Partial<RackDraft>): Change => ({
    kind: 'create-rack',
    key: (fields.name ?? 'new') as NewRackKey,
    draft: {
      ownerId: web.ownerId,
      name: 'new',
      height: 10,
      status: 'ACTIVE',
      creationOutput: '',
      networkDetails: {},
      metadata: {},
      orderId: `order-of-${fields.name ?? 'new'}`,
      createdAt: '2026-11-22T12:00:00Z',
      clusterType: 'slurm-standalone',
      ...fields,
    },
    ...because('rack-missing'),
  });
  const rackChange = (rack: Rack, patch: RackPatch): Change => ({
    kind: 'update-rack',
    rack,
    patch,
    ...because('rack-differs'),
  });
  const inRack = (rack: Rack): RackRef => ({ kind: 'present', id: rack.id });
  const devices = (fields: Partial<DeviceContent>, place: Partial<NewDevice> = {}): Change => ({
    kind: 'create-device',
    rack: inRack(web),
    template: { kind: 'present', id: unused.id },
    startU: 1,
    draft: {
      kind: 'server',
      createdAt: '2026-11-22T12:00:00Z',
      name: 'new',
      description: '',
      status: 'ACTIVE',
      publicIps: '',
      privateIps: '',
      sshKey: '',
      loginUser: '',
      volumeDetails: {},
      metadata: {},
      ...fields,
    } as DeviceContent,
    ...place,
    ...because('device-missing'),
  });
  const deviceChange = (device: Device, patch: DevicePatch): Change => ({
    kind: 'update-device',
    device,
    patch,
    ...because('device-differs'),
  });

  return [
    templates({ name: '' }),
    templates({ name: 'n'.repeat(255) }),
    templates({ name: 'n'.repeat(256) }),
    templates({ name: 'm1.small' }),
    templates({ name: 'rack' }),
    templates({ name: 'high', height: 6 }),
    templates({ name: 'higher', height: 7 }),
    templates({ name: 'no-cpu', vcpus: 0 }),
    templates({ name: 'half', ram: 0.5 }),
    templates({ name: 'largest', disk: 2 ** 31 - 1 }),
    templates({ name: 'too-large', disk: 2 ** 31 }),
    { kind: 'update-template', template: unused, patch: { name: 'high' }, ...because('template-differs') },
    { kind: 'update-template', template: unused, patch: { name: 'm1.tiny' }, ...because('template-differs') },
    templates({ name: 'unused' }),
    // Release 0.2.1 does not show the template of a device.
    ...(portal.profile.deviceKinds === 'bare'
      ? []
      : [
          {
            kind: 'delete-template',
            template: small,
            ground: 'unused',
            ...because('template-unused'),
          } as const,
        ]),

    racks({ name: '' }),
    racks({ name: 'has space' }),
    racks({ name: 'n'.repeat(255) }),
    racks({ name: 'n'.repeat(256) }),
    racks({ name: 'web' }),
    racks({ name: 'under_score' }),
    racks({ name: 'flat', height: 0 }),
    racks({ name: 'tallest', height: 72 }),
    racks({ name: 'too-tall', height: 73 }),
    racks({ name: 'nobodys', ownerId: '00000000-0000-0000-0000-000000000000' as RackDraft['ownerId'] }),
    racks({ name: 'no-order', orderId: '' }),
    racks({ name: 'same-order', orderId: 'order-of-under_score' }),
    racks({ name: 'no-type', clusterType: undefined }),
    rackChange(web, { height: 4 }),
    rackChange(web, { height: 5 }),
    rackChange(web, { height: 10 }),
    rackChange(web, { cost: -0.01 }),
    rackChange(web, { cost: 0 }),
    rackChange(web, { status: 'AVAILABLE' as Rack['status'] }),
    rackChange(web, { name: 'empty' }),
    rackChange(web, { orderId: 'order-1' }),
    rackChange(twin, { status: 'STOPPED' }),

    devices({ name: '' }),
    devices({ name: 'a.b' }),
    devices({ name: 'under_score' }, { startU: 2 }),
    devices({ name: 'n'.repeat(150) }, { startU: 3 }),
    devices({ name: 'n'.repeat(151) }, { startU: 6 }),
    devices({ name: 'db' }, { startU: 6 }),
    devices({ name: 'occupied' }, { startU: 5 }),
    devices({ name: 'below' }, { startU: 0 }),
    devices({ name: 'top' }, { startU: 10 }),
    devices({ name: 'above' }, { startU: 11 }),
    devices({ name: 'suspended', status: 'SUSPENDED' }, { startU: 7 }),
    devices({ name: 'available', status: 'AVAILABLE' }, { startU: 8 }),
    devices({ name: 'in-new' }, { rack: { kind: 'new', key: 'under_score' as NewRackKey } }),
    devices({ name: 'in-refused' }, { rack: { kind: 'new', key: 'too-tall' as NewRackKey } }),
    devices({ name: 'of-refused' }, { template: { kind: 'new', key: 'higher' }, startU: 9 }),
    devices({ name: 'in-twin' }, { rack: inRack(twin) }),
    deviceChange(db, { name: 'a_b' }),
    deviceChange(db, { name: 'top' }),
    deviceChange(db, { cost: -1 }),
    deviceChange(db, { name: 'db2' }),
    deviceChange(twinDb, { status: 'STOPPED' }),
    ...(portal.profile.deviceKinds === 'typed'
      ? [devices({ kind: 'network', name: 'net', status: 'ACTIVE' }, { rack: inRack(empty) })]
      : []),
    { kind: 'delete-rack', rack: web, ground: 'empty', ...because('rack-empty') },
    { kind: 'delete-device', device: twinDb, ground: 'double', ...because('device-duplicate') },
    { kind: 'delete-rack', rack: twin, ground: 'empty', ...because('rack-empty') },
  ];
}

function planOf(changes: readonly Change[]): Plan {
  return emptyPlan({ phases: [[{ name: 'lane', changes }]] });
}

/** Whether the portal names the foreseen field; true where it names no fields. */
function namesField(outcome: Outcome, code: keyof typeof refusals | undefined): boolean {
  const field = code && refusals[code].field;
  if (field === undefined || outcome.kind !== 'failed' || !(outcome.error instanceof ConcertimError))
    return true;
  const { problems } = outcome.error;
  return problems.length === 0 || problems.some((problem) => problem.field === field);
}

function describe(outcome: Outcome): string {
  if (outcome.kind === 'failed') return String(outcome.error);
  return outcome.kind === 'skipped' ? outcome.because : outcome.kind;
}

function found<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Error('the portal of this test is incomplete');
  return row;
}
