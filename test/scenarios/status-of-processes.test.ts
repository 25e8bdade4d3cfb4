import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StatusView } from '../../src/api/status-page/wire.ts';
import { pageToken, type SeparateProcesses, startSeparateProcesses } from '../support/separate-processes.ts';

let processes: SeparateProcesses;
beforeEach(async () => {
  processes = await startSeparateProcesses();
}, 60_000);
afterEach(() => processes[Symbol.asyncDispose]());

/** What the status page is told, until something is so. */
async function told(isSo: (view: StatusView) => boolean): Promise<StatusView> {
  const stop = new AbortController();
  const answer = await fetch(`${processes.apiUrl}/ui/events`, {
    signal: stop.signal,
    headers: { authorization: `Bearer ${pageToken}` },
  });
  let text = '';
  for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const [, data] = /^event: status\ndata: (.*)$/m.exec(event) ?? [];
      if (data === undefined) continue;
      const view = JSON.parse(data) as StatusView;
      if (!isSo(view)) continue;
      stop.abort();
      return view;
    }
  }
  throw new Error('the events came to an end');
}

const componentsOf = ({ processes }: StatusView) =>
  Object.fromEntries(
    processes.flatMap(({ pid, components }) => components.map(({ component }) => [component, pid])),
  );

test('the status page is reported of all processes of the machine, each by what it does, and misses one that ends', async () => {
  const isComplete = ({ processes }: StatusView) =>
    processes.some(({ history }) => history?.inStep?.is) && processes.some(({ metrics }) => metrics);

  const all = await told(isComplete);
  await processes.end('metrics');
  const without = await told(({ missing }) => missing.length > 0);

  expect(all.processes[0]?.pid).toBe(processes.pids.api);
  expect(componentsOf(all)).toEqual(processes.pids);
  expect(all.missing).toEqual([]);
  expect(all.processes.filter(({ updates }) => updates?.writer)).toHaveLength(1);
  const { metrics: _, ...others } = processes.pids;
  expect(componentsOf(without)).toEqual(others);
  expect(without.missing).toEqual(['metrics']);
}, 60_000);
