/**
 * RabbitMQ is short of memory or disk: it delivers messages and accepts none. It stops reading from a
 * publisher until the alarm ends.
 */
import { expect, test } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import { type Command, command } from '../support/command.ts';
import { startListening, until } from '../support/listening-scenario.ts';
import { startPrivateBroker, whyNoPrivateBroker } from '../support/rabbitmq.ts';

const why = whyNoPrivateBroker();
const patienceMs = 60_000;

const alarms = [
  ['memory', ['set_vm_memory_high_watermark', 'absolute', '1MB'], ['set_vm_memory_high_watermark', '0.4']],
  ['disk space', ['set_disk_free_limit', '100000GB'], ['set_disk_free_limit', '50MB']],
] as const;

test.skipIf(why !== undefined).each(alarms)(
  `while RabbitMQ is short of %s a process writes, one that starts then too, and says what is wrong${why ? ` (skipped: ${why})` : ''}`,
  async (_, begin, end) => {
    await using broker = await startPrivateBroker();
    await using listening = await startListening({ broker, interval: 2, withService: false });
    const { compute } = listening.sandbox.cloud;
    const change = (action: 'stop' | 'start') => {
      for (const { id } of compute.servers()) compute.act(id, action);
      listening.sandbox.cloud.advance();
    };
    await using first = run(listening.configFile);
    await first.shows('listening to notifications');
    await listening.inStep(patienceMs);

    await using alarm = new AsyncDisposableStack();
    // What the scenario removes in the end is not removed while RabbitMQ reads nothing.
    alarm.defer(async () => void (await broker.control(...end)));
    await broker.control(...begin);
    change('stop');
    await listening.inStep(patienceMs);
    first.kill('SIGKILL');
    await first.finished;
    change('start');
    await using second = run(listening.configFile);
    await second.shows('accepts no messages');
    await listening.inStep(patienceMs);
    await alarm.disposeAsync();
    await second.shows('"writer-began"', 2);
    change('stop');
    await listening.inStep(patienceMs);

    second.kill('SIGTERM');
    expect((await second.finished).code).toBe(0);
  },
  9 * patienceMs,
);

test.skipIf(why !== undefined)(
  `with without_election: wait nobody writes while RabbitMQ is short of memory, and one process does afterwards${why ? ` (skipped: ${why})` : ''}`,
  async () => {
    await using broker = await startPrivateBroker();
    await using listening = await startListening({ broker, interval: 2, withService: false });
    const { compute } = listening.sandbox.cloud;
    const [, begin, end] = alarms[0];
    const waiting = await listening.configWith({ updates: { interval: 2, without_election: 'wait' } });
    await using first = run(waiting);
    await using second = run(waiting);
    await first.shows('listening to notifications');
    await second.shows('listening to notifications');
    await listening.inStep(patienceMs);
    const seen = listening.sandbox.services.concertim;
    const writes = () => seen.seen.filter(({ method }) => method !== 'GET').length;
    const writers = () => `${first.printed()}${second.printed()}`.split('"writer-began"').length - 1;

    await broker.control(...begin);
    await until(
      () => `${first.printed()}${second.printed()}`.includes('"writer-ended"'),
      patienceMs,
      () => first.printed(),
    );
    const [before, wrote] = [writers(), writes()];
    for (const { id } of compute.servers()) compute.act(id, 'stop');
    listening.sandbox.cloud.advance();
    await systemClock.sleep(20_000);

    expect([writers(), writes()]).toEqual([before, wrote]);
    await broker.control(...end);
    await listening.inStep(patienceMs);
  },
  6 * patienceMs,
);

function run(configFile: string) {
  const started: Command = command('run', 'updates_bulk', 'updates_mq', '--config', configFile);
  return Object.assign(started, {
    /** Waits until the process has printed the text so many times. */
    shows: (text: string, times = 1) =>
      until(
        () => started.printed().split(text).length > times,
        patienceMs,
        () => `"${text}" in ${started.printed()}`,
      ),
    async [Symbol.asyncDispose]() {
      started.kill('SIGKILL');
      await started.finished;
    },
  });
}
