import { readFileSync } from 'node:fs';
import type { Release } from '../../src/concertim/profile.ts';

/** One request of a client to a real portal, and its answer. The same name is the same attempt in each release. */
export interface Attempt {
  /** Its number in the recording, and what was tried. */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly path: string;
  /** null: without; absent: JSON. */
  readonly accept?: null;
  /** null: no token; absent: the token of the user in the attempt's name. */
  readonly token?: string | null;
  /** A text: as it was sent, no JSON. */
  readonly body: Readonly<Record<string, unknown>> | string | null;
  readonly status: number;
  /** Of the answer: where it sends to, without the portal's address, and whether it brought a token. */
  readonly headers?: { readonly location?: string; readonly authorization?: string };
  /** Of HTML and of nothing ''. */
  readonly answer: unknown;
}

/** One that is not replayed: without what was sent and answered. */
type Abridged = Pick<Attempt, 'name'> & { readonly answer?: undefined };

/** A recording of a real portal, by the name of its file. */
export interface Recording {
  readonly name: string;
  /** The release of the sandbox that is held to it. */
  readonly release: Release;
  /** On which day: dates are held against it. */
  readonly day: string;
}

/** All recordings. That of 2023-08 has only the requests that tell releases apart; its other requests are in the folder `A`. */
export const recordings: readonly Recording[] = [
  { name: '0.2.1', release: '0.2.1', day: '2026-11-28' },
  { name: '2023-08', release: '2023-08', day: '2026-11-28' },
  { name: '0.2.3', release: '0.2.3', day: '2026-11-28' },
  { name: '1.0.1', release: '1.1', day: '2026-11-28' },
  { name: '1.1', release: '1.1', day: '2026-11-28' },
  { name: '1.2', release: '1.2', day: '2026-11-28' },
  { name: 'main', release: 'main', day: '2026-11-22' },
  { name: 'next', release: 'next', day: '2026-11-28' },
];

export const recordingsFolder = new URL('../fixtures/concertim/releases/', import.meta.url);

function read(url: URL): unknown {
  return JSON.parse(readFileSync(url, 'utf8'));
}

/** What was recorded, in its order: what is replayed, and the rest. */
export function attemptsOf({ name }: Pick<Recording, 'name'>): {
  readonly replayed: readonly Attempt[];
  readonly others: readonly Abridged[];
} {
  const all = read(new URL(`${name}.json`, recordingsFolder)) as readonly (Attempt | Abridged)[];
  return {
    replayed: all.filter((each): each is Attempt => each.answer !== undefined),
    others: all.filter((each): each is Abridged => each.answer === undefined),
  };
}

/** Why what is not replayed is not: by the attempt's name, in one recording or, without its number, in all. */
export const reasonsNotToReplay = read(new URL('../not-replayed.json', recordingsFolder)) as readonly {
  readonly reason: string;
  readonly names: readonly string[];
}[];

/** What was recorded without a token: the questions that tell releases apart, and signing in. */
export function openAttemptsOf(recording: Pick<Recording, 'name'>): readonly Attempt[] {
  const { replayed } = attemptsOf(recording);
  // The rest of that state is in another form.
  const signIns = recording.name === '2023-08' ? earlierSignIns() : [];
  return [...signIns, ...replayed.filter(({ token }) => token === null)];
}

function earlierSignIns(): readonly Attempt[] {
  interface Transcript {
    readonly request: Pick<Attempt, 'method' | 'path' | 'body'>;
    readonly response: { readonly status: number; readonly body: unknown };
  }
  const files = [
    '001-login-ok-admin',
    '002-login-ok-non-root-body-leaks-plaintext-password',
    '003-login-wrong-password',
  ];
  return files.map((file) => {
    const { request, response } = read(new URL(`../A/${file}.json`, recordingsFolder)) as Transcript;
    const { status, body: answer } = response;
    return { ...request, name: file.replace('-', ' '), token: null, status, answer };
  });
}
