import { request } from 'undici';
import { parseTime } from '../../src/runtime/clock.ts';
import { Faults } from '../../src/sandbox/faults.ts';
import { Portal } from '../../src/sandbox/portal/portal.ts';
import { startPortal } from '../../src/sandbox/portal/start-portal.ts';
import { type Attempt, attemptsOf, type Recording } from './recorded-portal.ts';
import { type Ids, introduce, prepare, type Row } from './replay-setting.ts';
import { tokenFor, tokensOf } from './replay-tokens.ts';

export interface Outcome {
  readonly attempt: Attempt;
  /** Of the sandbox's portal, in the same form. */
  readonly answer: Pick<Attempt, 'status' | 'headers' | 'answer'>;
}

/** Makes all attempts of a recording, in its order, on a sandbox's portal of the release. */
export async function replay(recording: Recording): Promise<readonly Outcome[]> {
  const { replayed } = attemptsOf(recording);
  const now = parseTime(`${recording.day}T15:15:30Z`) ?? 0;
  const portal = new Portal({
    release: recording.release,
    clock: { now: () => now, sleep: async () => undefined },
  });
  // Main was recorded before its cloud was configured; elsewhere no worker ran the jobs that were queued.
  if (recording.name !== 'main') portal.deletionJobs = { ofUser: () => {}, ofTeam: () => {} };
  const service = await startPortal({ portal, faults: new Faults() });
  try {
    const ids: Ids = new Map();
    introduce(portal, replayed, ids);
    const tokens = await tokensOf(portal, service.url, recording);
    const outcomes: Outcome[] = [];
    for (const attempt of replayed) {
      prepare(portal, attempt, ids);
      const answer = await send(service.url, attempt, tokenFor(attempt, tokens), ids);
      Object.assign(portal.limits, { racks: undefined, devices: undefined });
      learn(attempt.answer, answer.answer, ids);
      outcomes.push({ attempt, answer });
    }
    return outcomes;
  } finally {
    await service.close();
  }
}

async function send(
  url: string,
  attempt: Attempt,
  authorization: string,
  ids: Ids,
): Promise<Outcome['answer']> {
  const path = attempt.path.replaceAll(
    /\/([\da-f-]{36}|\d+)(?=$|[?/])/g,
    (_, id: string) => `/${ids.get(id) ?? id}`,
  );
  const { body } = attempt;
  const response = await request(url + path, {
    method: attempt.method,
    headers: {
      'content-type': 'application/json',
      ...(attempt.accept !== null && { accept: 'application/json' }),
      ...(authorization !== '' && { authorization }),
    },
    body: typeof body === 'string' ? body : body && JSON.stringify(translated(body, ids)),
  });
  const text = await response.body.text();
  const { location, authorization: token, 'content-type': type } = response.headers;
  return {
    status: response.statusCode,
    headers: {
      ...(location !== undefined && { location: String(location).replace(url, '') }),
      ...(token !== undefined && { authorization: String(token) }),
    },
    answer: String(type).startsWith('application/json') ? (JSON.parse(text) as unknown) : '',
  };
}

/** With the ids of this portal in place of those of the recorded one. */
function translated(value: unknown, ids: Ids, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => translated(item, ids));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, translated(item, ids, name)]),
    );
  }
  return /^(user|team|rack|template)_id$/.test(key) ? (ids.get(String(value)) ?? value) : value;
}

function learn(theirs: unknown, ours: unknown, ids: Ids): void {
  if (Array.isArray(theirs) && Array.isArray(ours)) {
    for (const row of theirs as readonly Row[])
      learn(
        row,
        (ours as readonly Row[]).find(({ name }) => name === row.name),
        ids,
      );
    return;
  }
  if (!isRow(theirs) || !isRow(ours) || ids.has(String(theirs.id))) return;
  ids.set(String(theirs.id), ours.id);
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && 'id' in value;
}
