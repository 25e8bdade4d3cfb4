import { LRUCache } from 'lru-cache';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { type CloudLogin, fingerprint, fingerprintOf } from './cloud-login.ts';
import type { CloudSessions } from './cloud-sessions.ts';
import { createUserProject, type UserProject, type UserProjectDraft } from './create-user-project.ts';

export interface UserProjectsOptions {
  readonly sessions: CloudSessions;
  readonly clock?: Clock;
  /** How long a repeat waits for the cloud before it gets what the call before it got, ms. Default 3,500. */
  readonly patienceMs?: number;
}

interface Run {
  readonly key: string;
  readonly outcome: Promise<UserProject>;
}

/** For so long an outcome serves repeats to which the cloud is too slow. */
const rememberedMs = 15 * 60_000;

/**
 * Creates users and projects for a caller that gives up after 5 s and then repeats itself, over and over:
 *
 * ```
 *  the same call is under way           ──► its outcome, too
 *  another one for the same name is     ──► after it
 *  the same was done lately             ──► looked at anew; if that takes too long, what was found then
 * ```
 */
export class UserProjects {
  readonly #options: UserProjectsOptions;
  readonly #clock: Clock;
  /** The latest for each name. */
  readonly #running = new Map<string, Run>();
  readonly #done = new LRUCache<string, UserProject>({ max: 2_000, ttl: rememberedMs });

  constructor(options: UserProjectsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** @throws {OperationError} see createUserProject */
  async create(login: CloudLogin, draft: UserProjectDraft): Promise<UserProject> {
    const key = keyOf(login, draft);
    const run = this.#join(key, login, draft);
    const lately = this.#done.get(key);
    return lately ? this.#unlessSlow(run.outcome, lately) : run.outcome;
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#running.values()].map(({ outcome }) => outcome));
  }

  #join(key: string, login: CloudLogin, draft: UserProjectDraft): Run {
    const name = draft.username;
    const running = this.#running.get(name);
    if (running?.key === key) return running;
    const run = { key, outcome: this.#begin(key, login, draft, running) };
    this.#running.set(name, run);
    const forget = () => {
      if (this.#running.get(name) === run) this.#running.delete(name);
    };
    run.outcome.then(forget, forget);
    return run;
  }

  async #begin(key: string, login: CloudLogin, draft: UserProjectDraft, before?: Run): Promise<UserProject> {
    if (before) await Promise.allSettled([before.outcome]);
    const work = (session: Parameters<typeof createUserProject>[0]) => createUserProject(session, draft);
    const made = await this.#options.sessions.use(login, work, [draft.password]);
    this.#done.set(key, made);
    return made;
  }

  async #unlessSlow(outcome: Promise<UserProject>, lately: UserProject): Promise<UserProject> {
    const answered = new AbortController();
    const patience = this.#clock.sleep(this.#options.patienceMs ?? 3_500, answered.signal).then(
      () => lately,
      () => lately,
    );
    try {
      return await Promise.race([outcome, patience]);
    } finally {
      answered.abort();
    }
  }
}

/** Calls that differ in anything, were it the password, are different calls. */
function keyOf(login: CloudLogin, draft: UserProjectDraft): string {
  return fingerprint([fingerprintOf(login), { ...draft, password: draft.password.reveal() }]);
}
