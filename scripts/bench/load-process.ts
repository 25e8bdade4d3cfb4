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
/** Fewer connections than the API allows one address: further requests wait in this process. */
const agent = new Agent({ connections: 128 });
/** Servers are switched off one after the other, and when all are off, on again. */
let calls = 0;

const answers = {
  /**
   * Calls at an even pace, whether or not earlier calls have been answered: an answer that comes late is late by all the
   * time since its call was due.
   */
  async call({ perSecond, count, mix = 'update_status' }: Load) {
    const startedAt = performance.now();
    const times: number[] = [];
    const refused: number[] = [];
    const waiting: Promise<void>[] = [];
    const timed = async (call: number, dueAt: number) => {
      const status = await send(mixes[mix](call));
      times.push(performance.now() - dueAt);
      if (status >= 300) refused.push(status);
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

interface Load {
  readonly perSecond: number;
  readonly count: number;
  readonly mix?: keyof typeof mixes;
}

interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
}

const logins = 20;

/** What a portal's people and jobs ask in turn: sign-ups and their repeats, pages, buttons, launches. */
const mixed: readonly ((number: number) => Call)[] = [
  updateStatus,
  () => ({ method: 'GET', path: '/key_pairs', body: { cloud_env: cloudEnv } }),
  () => ({ method: 'GET', path: '/team/limits', body: { cloud_env: cloudEnv } }),
  () => ({ method: 'GET', path: '/statistics' }),
  (number) => ({ method: 'POST', path: '/user', body: { cloud_env: cloudEnv, ...person(number) } }),
  (number) => ({
    method: 'POST',
    path: '/team',
    body: { cloud_env: cloudEnv, name: `${person(number).username}_team` },
  }),
  (number) => ({
    method: 'POST',
    path: '/create_user_project',
    body: { cloud_env: cloudEnv, ...person(number), username: `${person(number).username}-of-2023` },
  }),
  () => ({ method: 'POST', path: '/get_credits', body: { credits: { billing_account_id: 'acct-1' } } }),
  () => ({
    method: 'POST',
    path: '/list_paginated_invoices',
    body: { invoices: { billing_acct_id: 'acct-1', offset: 0, limit: 20 } },
  }),
  () => ({ method: 'DELETE', path: '/key_pairs', body: { cloud_env: cloudEnv, keypair_name: 'gone' } }),
];

const mixes = {
  update_status: updateStatus,
  mixed: (number: number) =>
    (mixed[number % mixed.length] ?? updateStatus)(Math.floor(number / mixed.length)),
};

answerQuestions(answers);

function person(number: number) {
  const username = `load${number % logins}`;
  return { username, password: `password-of-${username}`, email: `${username}@example.org` };
}

function updateStatus(number: number): Call {
  const id = serverIds[number % serverIds.length];
  const action = Math.floor(number / serverIds.length) % 2 === 0 ? 'off' : 'on';
  return { method: 'POST', path: `/update_status/devices/${id}`, body: { cloud_env: cloudEnv, action } };
}

async function send({ method, path, body: sent }: Call): Promise<number> {
  const { statusCode, body } = await request(url + path, {
    dispatcher: agent,
    method,
    headers: sent === undefined ? {} : { 'content-type': 'application/json' },
    body: sent === undefined ? null : JSON.stringify(sent),
  });
  await body.dump();
  return statusCode;
}
