import { Agent, request } from 'undici';
import { answerQuestions, childArgument } from './child.ts';
import { percentile } from './figure.ts';

/** Callers of the API server, in a process of their own. */
export type LoadAnswers = typeof answers;

/** Whom they call, as whom, about what. */
export interface LoadProcessOptions {
  readonly url: string;
  readonly cloudEnv: Readonly<Record<string, string>>;
  readonly serverIds: readonly string[];
}

const { url, cloudEnv, serverIds } = childArgument() as LoadProcessOptions;
const agent = new Agent({ connections: 256 });
/** Servers are switched off one after the other, and when all are off, on again. */
let calls = 0;

const answers = {
  /**
   * Calls at an even pace, whether or not earlier calls have been answered: an answer that comes late is late by all the
   * time since its call was due.
   */
  async call({ perSecond, count }: { perSecond: number; count: number }) {
    const startedAt = performance.now();
    const times: number[] = [];
    const refused: number[] = [];
    const waiting: Promise<void>[] = [];
    const timed = async (call: number, dueAt: number) => {
      const status = await updateStatus(call);
      times.push(performance.now() - dueAt);
      if (status !== 202) refused.push(status);
    };
    for (let due = 0; due < count; ) {
      const dueNow = Math.min(count, Math.ceil(((performance.now() - startedAt) / 1000) * perSecond));
      for (; due < dueNow; due++) {
        const dueAt = startedAt + (due / perSecond) * 1000;
        waiting.push(timed(calls++, dueAt));
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await Promise.all(waiting);
    const seconds = (performance.now() - startedAt) / 1000;
    return {
      'answers /s': count / seconds,
      'p50 ms': percentile(times, 0.5),
      'p99 ms': percentile(times, 0.99),
      'most ms': percentile(times, 1),
      refused: refused.length,
    };
  },
};
answerQuestions(answers);

async function updateStatus(number: number): Promise<number> {
  const id = serverIds[number % serverIds.length];
  const action = Math.floor(number / serverIds.length) % 2 === 0 ? 'off' : 'on';
  const { statusCode, body } = await request(`${url}/update_status/devices/${id}`, {
    dispatcher: agent,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ cloud_env: cloudEnv, action }),
  });
  await body.dump();
  return statusCode;
}
