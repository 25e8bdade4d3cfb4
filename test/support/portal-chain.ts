import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Release } from '../../src/concertim/profile.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { password } from '../../src/sandbox/population.ts';
import { outboundRules } from '../../src/sandbox/portal/outbound/outbound-rules.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { type RunningApi, type RunningApiOptions, startApi } from './api.ts';
import { ManualClock } from './manual-clock.ts';

/** A sandbox whose portal asks an API server for what its jobs and pages need; its clock stands still. */
export interface PortalChain extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly api: RunningApi;
  readonly clock: ManualClock;
  /** Has all jobs come to their ends, time passing from each try to the next. */
  readonly finish: (beforeRetry?: () => Promise<void>) => Promise<void>;
}

export interface PortalChainOptions {
  readonly sandbox?: SandboxOptions;
  readonly api?: Partial<RunningApiOptions>;
  /** What the portal's base URL has behind the address of the API. */
  readonly base?: string;
}

export async function startPortalChain(
  release: Release,
  { sandbox: sandboxOptions, api: apiOptions, base = '' }: PortalChainOptions = {},
): Promise<PortalChain> {
  const clock = new ManualClock(Date.now());
  const sandbox = await startSandbox({
    release,
    clock,
    pace: 0,
    projects: 1,
    stacks: 1,
    servers: 2,
    ...sandboxOptions,
  });
  const authUrl = sandbox.config.openstack.auth_url;
  const secret = new Secret(sandbox.portal.secret);
  const api = await startApi({
    authUrls: [authUrl],
    credentials: {
      kind: 'password',
      authUrl,
      user: { id: sandbox.population.concertim.id },
      password: new Secret(password),
      project: { id: sandbox.population.admin.id },
    },
    jwt: outboundRules[release].isSigned
      ? { kind: 'required', secret, allowDummyToken: false }
      : { kind: 'off' },
    pathPrefix: '/prefix',
    ...apiOptions,
  });
  sandbox.portal.companionUrl = api.url + base;
  return {
    sandbox,
    api,
    clock,
    finish: (beforeRetry) => finishJobs(sandbox, clock, beforeRetry),
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await sandbox.close();
    },
  };
}

/** @param beforeRetry awaited when every job that is not over waits for its next try */
export async function finishJobs(
  { outbound: { jobs } }: Sandbox,
  clock: ManualClock,
  beforeRetry: () => Promise<void> = async () => {},
): Promise<void> {
  for (;;) {
    await nextTurn();
    await jobs.quiet();
    const next = Math.min(...jobs.jobs.map(({ nextTryAt }) => nextTryAt ?? Number.POSITIVE_INFINITY));
    if (next === Number.POSITIVE_INFINITY) return jobs.idle();
    await beforeRetry();
    clock.advance(next - clock.now());
  }
}
