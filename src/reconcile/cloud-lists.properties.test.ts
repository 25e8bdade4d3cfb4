import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { sessionsOn } from '../../test/support/sandbox-sessions.ts';
import { listServers, showServer } from '../openstack/compute.ts';
import type { ServerId } from '../openstack/model.ts';
import { readStacks } from '../openstack/stack-list.ts';
import { systemClock } from '../runtime/clock.ts';
import { WrongServerState } from '../sandbox/cloud/compute.ts';
import { StackBusy } from '../sandbox/cloud/orchestration.ts';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts';
import { CloudLists } from './cloud-lists.ts';

/** What can happen in a cloud; each is done to one of its servers or stacks. */
const changes = {
  stop: ({ cloud }, { server }) => cloud.compute.act(server(), 'stop'),
  start: ({ cloud }, { server }) => cloud.compute.act(server(), 'start'),
  rename: ({ cloud }, { server, at }) => cloud.compute.renameServer(server(), `renamed-${at}`),
  fail: ({ cloud }, { server }) => cloud.compute.failServer(server(), 'no disk left'),
  'delete softly': ({ cloud }, { server }) =>
    cloud.compute.setServerState(server(), { vmState: 'soft-delete' }),
  'delete server': ({ cloud }, { server }) => cloud.compute.deleteServer(server()),
  'give a floating IP': ({ cloud }, { server }) => cloud.setFloatingIp(server(), true),
  'take the floating IPs': ({ cloud }, { server }) => cloud.setFloatingIp(server(), false),
  'detach volumes': ({ cloud }, { server }) => cloud.compute.setServerVolumes(server(), []),
  'create a stack': ({ population }, { at }) => {
    const account = population.accounts[at % population.accounts.length];
    if (account) population.addCluster(account, { servers: 2, name: `new-${at}` });
  },
  'set an output': ({ cloud }, { stack, at }) => cloud.orchestration.setOutput(stack(), 'url', `x${at}`),
  suspend: ({ cloud }, { stack }) => cloud.orchestration.suspendStack(stack()),
  resume: ({ cloud }, { stack }) => cloud.orchestration.resumeStack(stack()),
  check: ({ cloud }, { stack }) => cloud.orchestration.checkStack(stack()),
  'roll back': ({ cloud }, { stack }) =>
    cloud.orchestration.setStackState(stack(), { action: 'ROLLBACK', result: 'COMPLETE' }),
  'delete stack': ({ cloud }, { stack }) => cloud.orchestration.deleteStack(stack()),
} satisfies Record<
  string,
  (sandbox: Sandbox, of: { server: () => string; stack: () => string; at: number }) => void
>;

/** What Nova announces nothing of, or does not put into the list of what has changed. */
const silent = new Set(['give a floating IP', 'take the floating IPs', 'detach volumes']);

interface Change {
  readonly what: keyof typeof changes;
  readonly at: number;
  /** By how much the controller that carries it out is behind the one that answers, ms. */
  readonly behindMs: number;
}

const change: fc.Arbitrary<Change> = fc.record({
  what: fc.constantFrom(...(Object.keys(changes) as (keyof typeof changes)[])),
  at: fc.nat(20),
  behindMs: fc.constantFrom(0, 0, 1, 999, 1_000, 30_000, 58_000),
});
const step = fc.oneof(
  { weight: 4, arbitrary: change },
  { weight: 2, arbitrary: fc.record({ passMs: fc.constantFrom(1, 400, 999, 1_000, 1_001, 6_000, 150_000) }) },
  { weight: 2, arbitrary: fc.constant('read' as const) },
);

test('lists that are read by what changed show what the complete lists show, whenever it changed and whatever the clocks say', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 30, maxLength: 60, size: 'max' }),
      fc.constantFrom(-86_400_000, 0, 500, 86_400_000),
      // A stack takes 9 s, or minutes.
      fc.constantFrom(1, 30),
      async (steps, apartMs, pace) => {
        const clock = new ManualClock();
        await using sandbox = await startSandbox({ clock, projects: 2, stacks: 40, servers: 2, pace });
        const ours = sessionsOn(sandbox.config, {
          clock: { ...systemClock, now: () => clock.now() + apartMs },
        });
        const others = sessionsOn(sandbox.config, { clock: { ...systemClock, now: () => clock.now() } });
        const lists = new CloudLists();
        lists.setListening(true);
        lists.hear('compute');
        lists.hear('network');
        try {
          for (const one of [...steps, 'read' as const]) {
            if (one === 'read') await compare();
            else if ('passMs' in one) clock.advance(one.passMs);
            else await carryOut(one);
          }
        } finally {
          await Promise.all([ours.close(), others.close()]);
        }

        async function compare(): Promise<void> {
          const seen = await lists.read(ours.cloud, { projects: [] });
          const servers = await listServers(others.cloud);
          const whole = await readStacks(others.cloud, { projects: [] });
          expect(byId(seen.servers.values())).toEqual(byId(servers));
          expect(byId(seen.stacks.stacks)).toEqual(byId(whole.stacks));
          for (const id of seen.deleted) expect(sandbox.cloud.compute.server(id)).toBeUndefined();
        }

        async function carryOut({ what, at, behindMs }: Change) {
          const { compute, orchestration } = sandbox.cloud;
          const servers = [...compute.servers()].map(({ id }) => id).sort();
          const roots = [...orchestration.stacks()]
            .filter(({ parent }) => !parent)
            .map(({ id }) => id)
            .sort();
          const server = servers[at % servers.length];
          const stack = roots[at % roots.length];
          if (server === undefined || stack === undefined) return;
          clock.setBack(behindMs);
          try {
            changes[what](sandbox, { server: () => server, stack: () => stack, at });
          } catch (error) {
            if (!(error instanceof WrongServerState || error instanceof StackBusy)) throw error;
          }
          clock.advance(behindMs);
          if (!silent.has(what)) return;
          // What the targeted run after the notification does.
          const id = server as ServerId;
          lists.servers.note(new Map([[id, await showServer(ours.cloud, id)]]));
        }
      },
    ),
    { numRuns: 4 },
  );
});

function byId<T extends { readonly id: string }>(rows: Iterable<T>): T[] {
  return [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
}
