import type { AsyncMessage } from 'rabbitmq-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../src/sandbox/free-port.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { adminOf } from '../support/api-cloud.ts';
import { type Command, command } from '../support/command.ts';
import { outOfStep } from '../support/in-step.ts';
import { startListening, until } from '../support/listening-scenario.ts';
import { anyBroker, type TestBroker, whyNoBroker, withConnection } from '../support/rabbitmq.ts';

const why = await whyNoBroker();
const writes = 'became the writer of the portal';

describe.skipIf(why !== undefined)(`with a RabbitMQ${why ? ` (skipped: ${why})` : ''}`, () => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await anyBroker();
  }, 90_000);
  afterAll(async () => {
    await broker[Symbol.asyncDispose]();
  });

  test('of two processes one writes, the other tells it; when the writer is killed the other takes over', async () => {
    await using listening = await startListening({ broker, withService: false });
    const { sandbox, configFile } = listening;
    await using bulk = process('updates_bulk', configFile);
    await bulk.saw(writes);
    await listening.inStep();
    await using mq = process('updates_mq', configFile);
    await mq.saw('listening to notifications');

    stopAll(sandbox);
    await listening.inStep();
    startAll(sandbox);
    await listening.inStep();
    bulk.kill('SIGKILL');
    await mq.saw(writes);
    stopAll(sandbox);
    await listening.inStep();

    mq.kill('SIGTERM');
    const [killed, ended] = await Promise.all([bulk.finished, mq.finished]);
    expect(killed.stdout).toContain('"scope":"targeted"');
    expect(ended.code).toBe(0);
    expect(ended.stdout.split(writes)).toHaveLength(2);
  }, 60_000);

  test.each([
    { signal: 'SIGTERM', says: /^free$/, redelivered: false },
    { signal: 'SIGKILL', says: /^held by /, redelivered: true },
  ] as const)(
    'a writer that gets $signal leaves a token that says so',
    async ({ signal, says, redelivered }) => {
      await using listening = await startListening({ broker, withService: false });
      await using bulk = process('updates_bulk', listening.configFile);
      await bulk.saw(writes);
      await listening.inStep();

      bulk.kill(signal);
      await bulk.finished;
      const token = await withConnection(broker.url, async (connection) => {
        const channel = await connection.acquire();
        const { promise, resolve } = Promise.withResolvers<AsyncMessage>();
        await channel.basicConsume({ queue: listening.names.writer }, resolve);
        const message = await promise;
        await channel.close();
        return message;
      });

      expect(token).toMatchObject({ body: expect.stringMatching(says), redelivered });
    },
    60_000,
  );

  test('the API server, in a process of its own, tells the writer what it has changed', async () => {
    await using listening = await startListening({ broker, components: ['updates_bulk'] });
    const { sandbox } = listening;
    await using api = process('api', await listening.configWith({ api: { port: await freePort() } }));
    const { url } = JSON.parse(await api.saw('"listening"')) as { url: string };
    await api.saw('forwarded to the writer');
    const [server] = [...sandbox.cloud.compute.servers()];

    const answer = await fetch(`${url}/update_status/devices/${server?.id}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ cloud_env: adminOf(sandbox), action: 'off' }),
    });
    await until(
      () => listening.reports.at(-1)?.scope === 'targeted',
      15_000,
      () => 'a targeted run',
    );

    expect(answer.status).toBe(202);
    expect(outOfStep(sandbox)).toEqual([]);
  }, 60_000);

  test('run --once where another process writes says so, and changes nothing', async () => {
    await using listening = await startListening({ broker, components: ['updates_bulk'] });
    stopAll(listening.sandbox);
    const before = listening.reports.length;

    const { code, stderr } = await command('run', 'updates_bulk', '--once', '--config', listening.configFile)
      .finished;

    expect(code).toBe(1);
    expect(stderr).toContain('Another process writes to this portal');
    expect(outOfStep(listening.sandbox)).not.toEqual([]);
    expect(listening.reports.length).toBe(before);
  }, 60_000);

  test('updates_mq alone is its own writer', async () => {
    await using listening = await startListening({ broker, withService: false });
    await using mq = process('updates_mq', listening.configFile);

    await listening.inStep();
    await mq.saw('listening to notifications');
    stopAll(listening.sandbox);

    await listening.inStep();
  }, 60_000);
});

function process(component: string, configFile: string): Command & AsyncDisposable {
  const started = command('run', component, '--config', configFile);
  return Object.assign(started, {
    async [Symbol.asyncDispose]() {
      started.kill('SIGKILL');
      await started.finished;
    },
  });
}

function stopAll({ cloud }: Sandbox): void {
  for (const { id } of cloud.compute.servers()) cloud.compute.act(id, 'stop');
}

function startAll({ cloud }: Sandbox): void {
  for (const { id } of cloud.compute.servers()) cloud.compute.act(id, 'start');
}
