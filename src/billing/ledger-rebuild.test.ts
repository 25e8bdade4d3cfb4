import { expect, onTestFinished, test } from 'vitest';
import { HastyClock } from '../../test/support/manual-clock.ts';
import { sessionsOn } from '../../test/support/sandbox-sessions.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { LedgerRebuild } from './ledger-rebuild.ts';
import { StackLedger } from './stack-ledger.ts';

const hourMs = 3_600_000;

/** Two projects with some stacks each; every stack has lost a server, and the ledger is lost. */
async function start({ stacks = 1, mostStacks = 400 } = {}) {
  const clock = new HastyClock();
  const options = { projects: 2, stacks: 0, servers: 0, pace: 0, rating: 'v2', clock } as const;
  const sandbox = await startSandbox({ ...options, keepDeletedMs: 90 * 24 * hourMs });
  const sessions = sessionsOn(sandbox.config, { clock });
  onTestFinished(async () => {
    await sessions.close();
    await sandbox.close();
  });
  const { orchestration, rating } = sandbox.cloud;
  const gone = new Map<string, string>();
  for (const { project, user } of sandbox.population.accounts) {
    for (let at = 0; at < stacks; at++) {
      const template = { description: '', parameters: {}, resources: {}, outputs: [] };
      const draft = { name: `stack-${at}`, project, owner: user, template };
      const { id } = orchestration.addStack(draft, clock.now());
      const name = `server of ${id}`;
      orchestration.addResource(id, { name, type: 'OS::Nova::Server', physicalId: name });
      orchestration.deleteResource(id, name);
      rating.push({
        begin: clock.now(),
        id: name,
        type: 'instance',
        projectId: project.id,
        quantity: 1,
        rate: 1,
      });
      gone.set(name, id);
    }
  }
  await clock.sleep(5 * hourMs);
  const ledger = new StackLedger(undefined);
  const projects = new Set(sandbox.population.accounts.map(({ project }) => project.id));
  const rebuild = new LedgerRebuild({ cloud: sessions.cloud, ledger, clock, mostStacks });
  const run = () => {
    sandbox.services.heat.forget();
    return rebuild.run(projects);
  };
  const eventRequests = () => sandbox.services.heat.seen.filter(({ url }) => url.endsWith('/events')).length;
  return { sandbox, clock, ledger, rebuild, run, gone, eventRequests };
}

test('of many stacks some are read in one run, and the next goes on where it ended', async () => {
  const { run, rebuild, ledger, clock, gone, eventRequests } = await start({ stacks: 3, mostStacks: 3 });

  expect(await run()).toBeUndefined();
  expect([eventRequests(), (await ledger.resources()).size, rebuild.isDone]).toEqual([3, 3, false]);
  expect(await run()).toBeUndefined();
  expect([eventRequests(), (await ledger.resources()).size]).toEqual([3, 6]);
  await clock.sleep(5 * hourMs);

  expect(await run()).toEqual({ found: 6, unknown: 0, unread: 0 });
  expect([eventRequests(), rebuild.isDone]).toEqual([0, true]);
  expect(new Map(await ledger.stacksAt(clock.now()))).toEqual(gone);
});

test('a stack whose events Heat refuses to show keeps no other from being read, and is counted', async () => {
  const { sandbox, run, clock, ledger } = await start();
  sandbox.faults.add({ service: 'heat', path: /\/events$/, kind: 'answer', status: 404, times: 1 });
  await run();
  await clock.sleep(5 * hourMs);

  expect(await run()).toEqual({ found: 1, unknown: 1, unread: 1 });
  expect(await ledger.isRebuilt()).toBe(true);
});

test('a CloudKitty that is four days behind is waited for no longer', async () => {
  const { sandbox, run, rebuild, clock, gone } = await start();
  sandbox.cloud.rating.waitMs = 1_000 * hourMs;
  await run();
  for (const passed of [1, 94]) {
    await clock.sleep(passed * hourMs);
    await run();
  }
  expect(rebuild.isDone).toBe(false);
  await clock.sleep(hourMs);
  await run();

  expect(rebuild.isDone).toBe(true);
  expect(gone.size).toBe(2);
});

test('where nothing is rated by resource there is nothing to rebuild, and no request to Heat', async () => {
  const { sandbox, run, rebuild, ledger } = await start();
  sandbox.faults.add({ service: 'cloudkitty', path: /summary/, kind: 'answer', status: 404 });

  expect(await run()).toBeUndefined();

  expect([rebuild.isDone, await ledger.isRebuilt()]).toEqual([true, false]);
  expect(sandbox.services.heat.seen).toEqual([]);
});

test('a project that Heat refuses is left out, and the rebuild ends all the same', async () => {
  const { run, rebuild, sandbox, clock, ledger, gone } = await start();
  const [refused] = sandbox.population.accounts;
  sandbox.faults.add({
    service: 'heat',
    path: new RegExp(`tenant=${refused?.project.id}|/${refused?.project.id}/`),
    kind: 'answer',
    status: 403,
  });

  await run();
  await clock.sleep(5 * hourMs);

  expect(await run()).toEqual({ found: 1, unknown: 1, unread: 1 });
  expect((await ledger.resources()).size).toBe(gone.size - 1);
  expect(rebuild.isDone).toBe(true);
});
