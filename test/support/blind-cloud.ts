import { expect } from 'vitest';
import { isSuccess } from '../../src/reconcile/run-report.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import type { SandboxCloud } from '../../src/sandbox/sandbox-cloud.ts';
import { type Scenario, startScenario } from './scenario.ts';

type Clouded = Pick<SandboxCloud, 'cloud' | 'faults'>;

/** A way in which a cloud hides its objects: its lists lack them, and a request for one by its id is a 404. */
export type Blindness = keyof typeof blindnesses;

export const blindnesses = {
  'Nova is blind': (sandbox: Clouded) => hideServers(sandbox),
  'Heat is blind': (sandbox: Clouded) => hideStacks(sandbox),
  'Nova and Heat are blind': (sandbox: Clouded) => {
    hideServers(sandbox);
    hideStacks(sandbox);
  },
  'one cell of Nova is down': (sandbox: Clouded) => {
    const tenth = new Set(
      [...sandbox.cloud.compute.servers()].map(({ id }) => id).filter((_, at) => at % 10 === 0),
    );
    hideServers(sandbox, tenth);
  },
  'the region is another one': (sandbox: Clouded) => {
    blindnesses['Nova is of another region'](sandbox);
    hideStacks(sandbox);
  },
  'Nova is of another region': (sandbox: Clouded) => {
    hideServers(sandbox);
    const other = { id: 'other', name: 'other', vcpus: 1, ram: 512, disk: 1 };
    hide(sandbox, {
      service: 'nova',
      list: /\/flavors\/detail/,
      one: /\/flavors\/(?!detail)/,
      rewrite: (body) => ({ ...(body as object), flavors: [other] }),
      notFound: '{"itemNotFound":{"code":404,"message":"no"}}',
    });
  },
};

export const allBlindnesses = Object.keys(blindnesses) as Blindness[];

/** The share of all devices, and of all racks, that a run must report as missing. */
const missing: Record<Blindness, { readonly devices: number; readonly racks: number }> = {
  'Nova is blind': { devices: 1, racks: 0 },
  'Heat is blind': { devices: 0, racks: 1 },
  'Nova and Heat are blind': { devices: 1, racks: 1 },
  'one cell of Nova is down': { devices: 0.1, racks: 0 },
  'the region is another one': { devices: 1, racks: 1 },
  'Nova is of another region': { devices: 1, racks: 0 },
};

/** A portal in step with so many servers, four to a stack and ten stacks to a project. */
export async function startFilled(servers: number): Promise<Scenario> {
  const stacks = servers / 4;
  const scenario = await startScenario({
    projects: stacks / 10,
    stacks,
    servers: 4,
    config: { log_level: 'warning' },
  });
  fill(scenario.sandbox);
  await scenario.run();
  return scenario;
}

/** Ten runs of a cloud that is blind: nothing is deleted, and one error says how much is missing. */
export async function assertNothingIsDeleted(scenario: Scenario, blindness: Blindness): Promise<void> {
  const { sandbox } = scenario;
  const { portal } = sandbox;
  const before = rowsOf(sandbox);
  const devices = portal.devices.size;
  const racks = portal.racks.size;
  const loggedBefore = scenario.logged.length;
  blindnesses[blindness](sandbox);
  const texts = new Set<string>();

  for (let run = 0; run < 10; run++) {
    await scenario.clock.sleep(150_000);
    const report = await scenario.run();
    expect(report.changes).toEqual({});
    expect(report.warnings).toHaveLength(1);
    expect(isSuccess(report)).toBe(false);
    texts.add(report.warnings.join());
  }
  sandbox.faults.clear();

  const [text = '', ...others] = texts;
  const share = missing[blindness];
  expect(others).toEqual([]);
  if (share.devices > 0) expect(text).toContain(`${share.devices * devices} of ${devices} devices`);
  if (share.racks > 0) expect(text).toContain(`${share.racks * racks} of ${racks} racks`);
  const errors = scenario.logged.slice(loggedBefore).filter((line) => line.includes('"level":"error"'));
  expect(errors).toHaveLength(1);
  expect(rowsOf(sandbox)).toEqual(before);
}

function rowsOf({ portal }: Sandbox): string[] {
  const rows = [...portal.racks.all(), ...portal.devices.all(), ...portal.templates.all()];
  return rows.map((row) => JSON.stringify(row)).sort();
}

/** The racks and devices of all stacks, as an earlier run would have left them, but for what a first run corrects. */
function fill({ cloud, portal }: Sandbox): void {
  const templates = new Map(
    [...cloud.compute.flavors.values()].map(({ id, name, vcpus, ram }) => [
      id,
      portal.addTemplate({
        name,
        foreign_id: id,
        vcpus,
        ram,
        height: vcpus <= 2 ? vcpus : vcpus <= 4 ? 3 : 4,
      }),
    ]),
  );
  const users = new Map(portal.users.all().map((user) => [user.project_id, user.id]));
  for (const stack of cloud.orchestration.stacks()) {
    if (stack.parent) continue;
    const rack = portal.addRack({
      user_id: users.get(stack.projectId) ?? 0,
      name: `${stack.name}-${stack.id.slice(0, 8)}`.replace(/[^A-Za-z0-9_-]/g, '-'),
      metadata: { openstack_stack_id: stack.id },
    });
    let start_u = 1;
    for (const { id, flavor } of cloud.orchestration.serversOf(stack)) {
      portal.addDevice({
        template_id: templates.get(flavor.id)?.id ?? 0,
        name: `device-${id}`,
        rack_id: rack.id,
        start_u,
        metadata: { openstack_instance_id: id },
      });
      start_u += 4;
    }
  }
}

/** @param hidden default: all */
function hideServers(sandbox: Clouded, hidden?: ReadonlySet<string>): void {
  hide(sandbox, {
    service: 'nova',
    list: /\/servers\/detail/,
    one: hidden ? new RegExp(`/servers/(${[...hidden].join('|')})`) : /\/servers\/[0-9a-f]{8}-/,
    rewrite: (body) => {
      const { servers, ...rest } = body as { servers: { id: string }[] };
      // An empty list has no further page.
      if (!hidden) return { servers: [] };
      return { ...rest, servers: servers.filter(({ id }) => !hidden.has(id)) };
    },
    notFound: '{"itemNotFound":{"code":404,"message":"no"}}',
  });
}

function hideStacks(sandbox: Clouded): void {
  hide(sandbox, {
    service: 'heat',
    list: /\/stacks\?/,
    one: /\/stacks\/[^?]/,
    rewrite: () => ({ stacks: [] }),
    notFound:
      '{"code":404,"title":"Not Found","explanation":"","error":{"type":"EntityNotFound","message":"no"}}',
  });
}

function hide(
  { faults }: Clouded,
  what: {
    readonly service: 'nova' | 'heat';
    readonly list: RegExp;
    readonly one: RegExp;
    readonly rewrite: (body: unknown) => unknown;
    readonly notFound: string;
  },
): void {
  const { service, rewrite } = what;
  faults.add({ service, path: what.list, kind: 'rewrite', rewrite });
  const notFound: Fault = {
    service,
    path: what.one,
    kind: 'answer',
    status: 404,
    headers: { 'content-type': 'application/json' },
    body: what.notFound,
  };
  faults.add(notFound);
}
