import { request } from 'undici';
import { systemClock } from '../../../src/runtime/clock.ts';
import { freePort } from '../../../src/sandbox/free-port.ts';
import { Child } from '../child.ts';
import { ended, startCommand } from '../command.ts';
import { type Figure, figureOf, type Sample } from '../figure.ts';
import type { LoadAnswers, LoadProcessOptions } from '../load-process.ts';
import { cpuSecondsOf, rssMbOf } from '../memory-of.ts';
import { type Setting, Stage } from '../stage.ts';

const secondsEach = 10;

/** 500 `POST /update_status` a second at an even pace, against a cloud that takes so long; then 100 of all kinds. */
export async function measureApi(setting: Setting): Promise<Figure[]> {
  return [
    ...(await measureLoad(setting, { mix: 'update_status', perSecond: 500 })),
    ...(await measureLoad(setting, { mix: 'mixed', perSecond: 100 })),
  ];
}

async function measureLoad(
  setting: Setting,
  { mix, perSecond }: { readonly mix: 'update_status' | 'mixed'; readonly perSecond: number },
): Promise<Figure[]> {
  return withApi(setting, async (load, pid) => {
    await load.ask('call', { perSecond, count: 5 * perSecond, mix });
    const samples: Sample[] = [];
    for (let at = 0; at < setting.repetitions; at++) {
      const cpuBefore = cpuSecondsOf(pid);
      const called = await load.ask('call', { perSecond, count: secondsEach * perSecond, mix });
      const cpu = (cpuSecondsOf(pid) - cpuBefore) / secondsEach;
      samples.push({ ...called, 'share of a processor': cpu, rssMb: rssMbOf(pid) });
    }
    return [figureOf({ ...setting, name: `api/${mix}, ${perSecond} a second` }, samples)];
  });
}

/** Memory while 100,000 requests are answered: a sample each 20,000. */
export async function measureApiMemory(setting: Setting): Promise<Figure[]> {
  return withApi(setting, async (load, pid) => {
    const sample: Record<string, number> = {};
    for (let answered = 20_000; answered <= 100_000; answered += 20_000) {
      await load.ask('call', { perSecond: 800, count: 20_000 });
      sample[`rssMb after ${answered}`] = rssMbOf(pid);
    }
    return [figureOf({ ...setting, name: 'api/memory over 100,000 requests' }, [sample])];
  });
}

/** Work with an API server, by its process, and somebody in another who calls it. */
async function withApi(
  setting: Setting,
  work: (load: Child<LoadAnswers>, pid: Parameters<typeof rssMbOf>[0]) => Promise<Figure[]>,
): Promise<Figure[]> {
  const port = await freePort();
  await using stage = await Stage.set(setting, { api: { host: '127.0.0.1', port } });
  const { process } = startCommand(['run', 'api', '-c', stage.config]);
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilItAnswers(url);
    const { admin, serverIds } = await stage.sandbox.ask('callers');
    await using load = await Child.start<LoadAnswers>('load-process.ts', {
      url,
      cloudEnv: admin,
      serverIds,
    } satisfies LoadProcessOptions);
    return await work(load, process.pid);
  } finally {
    process.kill();
    await ended(process);
  }
}

async function untilItAnswers(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await (await request(url)).body.dump();
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await systemClock.sleep(100);
    }
  }
}
