import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import {
  cloud,
  device,
  owner,
  portal,
  rack,
  server,
  settings,
  template,
  tree,
} from '../../test/support/builders.ts';
import { component, run, updates } from '../../test/support/status-builders.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { describeDiagnosis } from '../doctor/describe.ts';
import { advice, error, ok, warning } from '../doctor/finding.ts';
import type { Status } from '../observability/status.ts';
import { Traffic } from '../observability/traffic.ts';
import { explainObject } from '../plan/explain.ts';
import { plan } from '../plan/plan.ts';
import { commandLine } from './command-line.ts';
import { describeExplanations } from './describe-explanations.ts';
import { describeStatus } from './describe-status.ts';
import { withProgress } from './progress.ts';

// These files hold whole texts that operators read. Read a changed one as an operator before you accept it
// with `vitest -u`.

const now = Date.UTC(2026, 10, 22, 12, 0, 0);
const widths = [80, 140];

/** The help of a command and of its subcommands, wrapped at the width of the terminal. */
function helpOf(command: Command, columns: number): string {
  const own = command.configureHelp({ helpWidth: columns }).helpInformation();
  return [own, ...command.commands.map((each) => helpOf(each, columns))].join('\n');
}

describe.each(widths)('in %i columns', (columns) => {
  test('the help of each command', async () => {
    const text = helpOf(
      commandLine(() => undefined),
      columns,
    );

    expect(text.split('\n').filter((line) => line.length > columns)).toEqual([]);
    await expect(text).toMatchFileSnapshot(`__snapshots__/help-${columns}.txt`);
  });

  test('the status of processes that work, that start, and that do not work', async () => {
    const text = describeStatus([working, starting, broken], now, columns);

    expect(text.split('\n').filter((line) => line.length > columns)).toEqual([]);
    await expect(`${text}\n`).toMatchFileSnapshot(`__snapshots__/status-${columns}.txt`);
  });

  test('a diagnosis with findings of each level', async () => {
    const text = describeDiagnosis(diagnosis, columns);

    await expect(`${text}\n`).toMatchFileSnapshot(`__snapshots__/doctor-${columns}.txt`);
  });

  test('explanations of what is shown, changed, kept, left out and not managed', async () => {
    const queries = ['web', 'f00d', '57ac', 'gone', 'by-hand', 'forged', '0ff5'];
    const text = describeExplanations(
      queries.flatMap((query) => explainObject(query, survey)),
      columns,
    );

    await expect(`${text}\n`).toMatchFileSnapshot(`__snapshots__/explain-${columns}.txt`);
  });

  test('the progress of a command, from the first answer to the last', async () => {
    using clock = new VirtualClock(() => false);
    const traffic = new Traffic();
    const said: string[] = [];
    const answer = (service: string, times: number) => {
      for (let request = 0; request < times; request++) {
        traffic.begin(service, clock.now());
        traffic.end(service, clock.now());
      }
    };
    const work = withProgress(
      async (signal) => {
        traffic.begin('Keystone', clock.now());
        await clock.sleep(2_500, signal);
        traffic.end('Keystone', clock.now());
        answer('Nova', 12);
        traffic.begin('Heat', clock.now());
        traffic.begin('Concertim', clock.now());
        await clock.sleep(2_000, signal);
        answer('Nova', 40);
        answer('Heat', 1_204);
        for (const service of ['Cinder', 'Neutron']) traffic.begin(service, clock.now());
        await clock.sleep(2_000, signal);
        for (const service of ['Heat', 'Concertim', 'Cinder', 'Neutron']) traffic.end(service, clock.now());
        await clock.sleep(2_000, signal);
      },
      {
        traffic,
        clock,
        timeoutSeconds: 15,
        write: (text) => said.push(text),
        columns,
        signal: AbortSignal.any([]),
      },
    );

    await clock.pass(10_000);
    await work;

    const text = said.join('');
    expect(text.split('\n').filter((line) => line.length > columns)).toEqual([]);
    await expect(text).toMatchFileSnapshot(`__snapshots__/progress-${columns}.txt`);
  });
});

const idle: Status = {
  version: '2.0.0',
  pid: 7,
  startedAt: '2026-11-22T09:00:00.000Z',
  components: [],
  updates: null,
  notifications: null,
  metrics: null,
  money: null,
  sources: [],
};
const figures = {
  instances: 1_200,
  sent: 5_900,
  kept: 40,
  unknown: 35,
  failed: 3,
  left: 25,
  due: 5_965,
  delivered: 5_940,
  oldestMs: 640_000,
  reasons: { late: 20, stopped: 15 },
  ms: 4_210,
};
const working: Status = {
  ...idle,
  components: [
    component('updates_bulk', { lastSuccessAt: '2026-11-22T11:59:31.000Z' }),
    component('updates_mq', { continuous: true, lastSuccessAt: '2026-11-22T09:00:01.000Z' }),
    component('metrics', {
      failing: true,
      status: 'Gnocchi answered POST https://metric.example/v1/aggregates with 503.',
      lastSuccessAt: '2026-11-22T11:59:50.000Z',
    }),
    component('api', { continuous: true, lastSuccessAt: '2026-11-22T09:00:01.000Z' }),
  ],
  updates: { ...updates, backlog: 1, lastTargeted: { ...run, changes: 1, ms: 95 } },
  notifications: { listening: true, received: 8_120, lastAt: '2026-11-22T11:59:58.000Z', lagMs: 41.6 },
  metrics: figures,
  money: {
    platform: 'killbill',
    owners: 14,
    cost: 1_234.5,
    lowCredits: [{ owner: 'physics', credits: -3 }],
    unbilled: 4.2,
    usage: { left: 2, over: 1, completeAt: run.startedAt },
  },
  sources: [
    { service: 'Nova', cloud: null, answeredAt: run.startedAt, failedAt: null, failure: null },
    {
      service: 'Heat',
      cloud: null,
      answeredAt: run.startedAt,
      failedAt: '2026-11-22T11:55:00.000Z',
      failure: '503',
    },
  ],
};
const starting: Status = {
  ...idle,
  pid: 8,
  startedAt: '2026-11-22T11:58:00.000Z',
  components: [
    component('updates_bulk', {
      ready: false,
      starting: true,
      status: '1200 of 4000 changes made, 16.7 a second, about 3 min left',
    }),
    component('api', { continuous: true, lastSuccessAt: '2026-11-22T11:58:01.000Z' }),
  ],
  updates: { ...updates, lastFull: null },
};
const broken: Status = {
  ...idle,
  pid: 9,
  components: [
    component('updates_bulk', { ready: false, status: 'Concertim has not answered since 11:20' }),
    component('updates_mq', {
      ready: false,
      continuous: true,
      status: 'RabbitMQ refused user "concertim" (403)',
    }),
  ],
  updates: {
    ...updates,
    paused: { since: '2026-11-22T11:30:00.000Z', reason: 'upgrade of the portal to 1.2' },
    contested: ['device web', 'device db'],
    lastFull: { ...run, failures: 3, held: 1, drift: 2, deletionsRefused: 2 },
    failure: { at: run.startedAt, why: 'Concertim did not answer within 60 s: connection refused.' },
  },
  notifications: { listening: false, received: 0, lastAt: null, lagMs: null },
  sources: [
    {
      service: 'Concertim',
      cloud: null,
      answeredAt: null,
      failedAt: run.startedAt,
      failure: 'connect ECONNREFUSED 127.0.0.1:7000',
    },
  ],
};

const diagnosis = {
  findings: [
    ok('keystone.sign-in', 'Keystone accepts user "concertim".'),
    advice('portal.release', {
      found: 'The portal is Concertim 0.2.3.',
      why: 'Volumes and networks are shown from 1.2 on.',
      repair: 'upgrade Concertim: docs/components/updates.md',
    }),
    warning('nova.cells', {
      found: 'Cell "cell2" of Nova does not answer: its 14 servers are listed without their details.',
      why: 'Their devices stay as they are until it answers.',
      repair: 'openstack compute service list',
    }),
    error('keystone.roles', {
      found: 'There is no role "watcher".',
      why: 'Projects of portal users are created with it, so no user can be created.',
      repair: 'openstack role create watcher, or: concertim-openstack-service doctor --fix',
    }),
  ],
  unchecked: [{ check: 'gnocchi', because: 'the catalog of Keystone has no service of type metric' }],
};

const seen = cloud({
  servers: [
    server({ id: 'e5a1', name: 'web', vmState: 'stopped' }),
    server({ id: 'f00d', name: 'new' }),
    server({ id: '0ff5', name: 'outside' }),
  ],
  trees: [
    tree({ id: '57ac', name: 'shop', servers: ['e5a1', 'f00d'] }),
    tree({ id: '0b0b', name: 'nobodys', projectId: 'other' }),
  ],
  evidence: { servers: { d1b5: 'exists' } },
});
const picture = portal({
  owners: [owner({ id: 1, name: 'alice' })],
  racks: [
    rack({ id: 4, name: 'shop', metadata: { openstack_stack_id: '57ac' } }),
    rack({ id: 6, name: 'by-hand' }),
    rack({ id: 7, name: 'forged', metadata: { openstack_stack_id: '0b0b' } }),
  ],
  devices: [
    device({ id: 5, name: 'web', metadata: { openstack_instance_id: 'e5a1' }, location: { rackId: 4 } }),
    device({
      id: 8,
      name: 'gone',
      metadata: { openstack_instance_id: 'd1b5' },
      location: { rackId: 4, startU: 5 },
    }),
  ],
  templates: [template({ id: 1, name: 'm1.small', foreignId: 'flavor' })],
});
const survey = {
  cloud: seen,
  portal: picture,
  plan: plan(seen, picture, settings()),
  settings: settings(),
};
