/** Version 1.0.0, this one, and 1.0.0 again on one broker: each consumes the queues that the other has declared. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Command, command } from '../support/command.ts';
import { outOfStep } from '../support/in-step.ts';
import { startListening } from '../support/listening-scenario.ts';
import { anyBroker, whyNoBroker } from '../support/rabbitmq.ts';
import { extractVersion100, type Version100, whyNoVersion100 } from '../support/version-1.0.0.ts';

const whyNo = whyNoVersion100() ?? (await whyNoBroker());
let version100: Version100 | undefined;
beforeAll(() => {
  if (whyNo === undefined) version100 = extractVersion100();
});
afterAll(() => version100?.[Symbol.dispose]());

test.skipIf(whyNo !== undefined)(
  `what is announced shows at once after the upgrade, and after going back${whyNo ? ` (skipped: ${whyNo})` : ''}`,
  async () => {
    await using broker = await anyBroker();
    await using cloud = await startListening({
      broker,
      withService: false,
      projects: 1,
      stacks: 1,
      servers: 2,
    });
    const options = ['run', 'updates_mq', '-c', cloud.configFile];
    const start: readonly (() => Command)[] = [
      () => (version100 as Version100).command(...options),
      () => command(...options),
      () => (version100 as Version100).command(...options),
    ];
    const [server] = cloud.sandbox.cloud.compute.servers();
    const followed: { readonly wasOutOfStep: boolean; readonly code: number | null }[] = [];

    for (const [at, begin] of start.entries()) {
      const listener = begin();
      await listener.saw('listening to notifications');
      await cloud.inStep(30_000);
      cloud.sandbox.cloud.compute.act(server?.id ?? '', at % 2 === 0 ? 'stop' : 'start');
      const wasOutOfStep = outOfStep(cloud.sandbox).length > 0;
      await cloud.inStep(30_000);
      listener.kill('SIGTERM');
      followed.push({ wasOutOfStep, code: (await listener.finished).code });
    }

    expect(followed).toEqual(start.map(() => ({ wasOutOfStep: true, code: 0 })));
  },
  120_000,
);
