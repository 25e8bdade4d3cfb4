import type { Release } from '../../src/concertim/profile.ts';
import { changeUser, deleteUser } from '../../src/sandbox/portal/outbound/account-changes.ts';
import {
  createKeyPair,
  deleteKeyPair,
  showKeyPairs,
} from '../../src/sandbox/portal/outbound/key-pair-pages.ts';
import { outboundRules } from '../../src/sandbox/portal/outbound/outbound-rules.ts';
import { signUp } from '../../src/sandbox/portal/outbound/sign-up.ts';
import { addTeamRole, deleteTeam, removeTeamRole } from '../../src/sandbox/portal/outbound/teams.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { type KilledApi, startKilledApi } from '../support/killed-api.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { finishJobs } from '../support/portal-chain.ts';

/**
 * A part of a user's life in the portal, which ends in the same state however often the service is killed.
 */
export interface Stretch {
  readonly name: string;
  /** @returns what is wrong in the end; empty: nothing */
  readonly live: (scene: Scene, login: string) => Promise<string[]>;
}

export interface Scene {
  readonly sandbox: Sandbox;
  readonly api: KilledApi;
  readonly release: Release;
  /** Runs all jobs to their ends, and starts a killed service again before each retry. */
  readonly finish: () => Promise<void>;
}

const cloudServices = ['keystone', 'nova', 'neutron', 'cinder', 'heat', 'glance'];
const password = 'a-password-of-theirs';

export async function startScene(release: Release): Promise<Scene & AsyncDisposable> {
  const clock = new ManualClock(Date.now());
  const sandbox = await startSandbox({ release, clock, pace: 0, projects: 1, stacks: 1, servers: 2 });
  const api = await startKilledApi(sandbox, outboundRules[release].isSigned);
  return {
    sandbox,
    api,
    release,
    finish: async () => {
      await finishJobs(sandbox, clock, () => api.start());
      await api.start();
    },
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await sandbox.close();
    },
  };
}

/**
 * Runs the stretch once for each of its requests to the cloud, and kills the service when the cloud has
 * carried out that request but not answered it: so between each pair of requests.
 *
 * @param options.every takes only every so many-th request
 * @returns how often it killed the service, and what was wrong in the end, by the place of the kill
 */
export async function killInEach(
  scene: Scene,
  stretch: Stretch,
  { every = 1 }: { readonly every?: number } = {},
): Promise<{ readonly kills: number; readonly faults: string[] }> {
  const faults: string[] = [];
  let kills = 0;
  for (let skip = 0; skip === kills * every; skip += every) {
    const takeBack = scene.sandbox.faults.add({
      kind: 'interrupt',
      service: cloudServices,
      skip,
      times: 1,
      by: async () => {
        kills++;
        await scene.api.kill();
      },
    });
    const found = await stretch.live(scene, `${stretch.name[0]}${skip}-`);
    takeBack();
    faults.push(...found.map((fault) => `${stretch.name}, after request ${skip + 1}: ${fault}`));
  }
  return { kills, faults };
}

/** From signing up to being deleted, through each of the portal's jobs. */
export const wholeLife: Stretch = {
  name: 'life',
  async live(scene, login) {
    const { sandbox, release, finish } = scene;
    const { portal, outbound } = sandbox;
    const { changeUser: change, deleteUser: deletion, signUp: kind } = outboundRules[release];
    const user = signUp(outbound, { login, password });
    await finish();
    const faults = [...(await mendLostRole(scene, user.id)), ...accountFaults(sandbox, login, user.id)];
    if (change) {
      changeUser(outbound, user.id, { email: 'new@example.org', password: `${password}-2` });
      await finish();
      faults.push(...passwordFaults(sandbox, user.id, `${password}-2`));
    }
    if (deletion) {
      if (kind === 'user') deleteTeam(outbound, user.id);
      await finish();
      deleteUser(outbound, user.id);
      await finish();
      if (portal.users.get(user.id)) faults.push('the portal still has the user');
      faults.push(...named(sandbox, login).map((name) => `${name} is left behind`));
    }
    const unwell = outbound.jobs.jobs.filter(
      ({ name, about, state }) => about.startsWith(login) && state !== 'done' && name !== 'CreateTeamRoleJob',
    );
    return [...faults, ...unwell.map(({ name, state, error }) => `${name}: ${state}: ${error}`)];
  },
};

/** A page does not retry: its user does. */
export const keyPairPage: Stretch = {
  name: 'key pairs',
  async live({ sandbox, api }, login) {
    const { portal, outbound } = sandbox;
    const user = portal.users.all().find(({ root }) => !root);
    const id = user?.id ?? 0;
    const untilDone = async <T extends { ok: boolean }>(press: () => Promise<T>): Promise<T> => {
      const answer = await press();
      if (answer.ok) return answer;
      await api.start();
      return press();
    };
    const first = await createKeyPair(outbound, id, { name: login, publicKey: null });
    if (!first.ok) {
      await api.start();
      // The cloud may have the pair, but its private key is lost with the answer.
      await deleteKeyPair(outbound, id, login);
      const second = await createKeyPair(outbound, id, { name: login, publicKey: null });
      if (!second.ok) return [`the second pair was refused: ${second.message}`];
    }
    const listed = await untilDone(() => showKeyPairs(outbound, id));
    const names = listed.ok ? listed.shown.map(({ name }) => name) : [];
    const isListed = names.filter((name) => name === login).length === 1;
    const deleted = await untilDone(() => deleteKeyPair(outbound, id, login));
    const left = await untilDone(() => showKeyPairs(outbound, id));
    return [
      ...(isListed ? [] : [`listed are ${names.join(', ')}`]),
      ...(deleted.ok ? [] : [`not deleted: ${deleted.message}`]),
      ...(left.ok && left.shown.length === 0 ? [] : ['a pair is left behind']),
    ];
  },
};

/** The portal tries this job only once: an administrator gives a role that it lost on the team's page. */
async function mendLostRole({ sandbox, api }: Scene, userId: number): Promise<string[]> {
  const { portal, outbound } = sandbox;
  const job = outbound.jobs.jobs.findLast(({ name }) => name === 'CreateTeamRoleJob');
  const row = portal.teamRoles.all().find((role) => role.user_id === userId);
  if (!row || job?.state !== 'given up' || !job.about.startsWith(portal.users.get(userId)?.login ?? '-'))
    return [];
  await api.start();
  const { id, ...place } = row;
  const answers = [await removeTeamRole(outbound, id), await addTeamRole(outbound, place)];
  return answers.flatMap((answer) => (answer.ok ? [] : [`the role was refused: ${answer.message}`]));
}

function accountFaults({ cloud: { identity }, portal }: Sandbox, login: string, userId: number): string[] {
  const row = portal.users.get(userId);
  const [users, projects] = [identity.users, identity.projects].map((all) => {
    return [...all.values()].filter(({ name }) => name.startsWith(`CM_${login}`));
  });
  const [user] = users ?? [];
  const [project] = projects ?? [];
  const roles = identity.grants().filter(({ projectId }) => projectId === project?.id).length;
  return [
    ...(users?.length === 1 ? [] : [`there are ${users?.length} users`]),
    ...(projects?.length === 1 ? [] : [`there are ${projects?.length} projects`]),
    ...(row?.cloud_user_id?.replaceAll('-', '') === user?.id ? [] : ['the portal has another user id']),
    ...(row?.project_id === project?.id ? [] : ['the portal has another project id']),
    ...(roles === 4 ? [] : [`there are ${roles} roles instead of 4`]),
  ];
}

function passwordFaults({ cloud: { identity }, portal }: Sandbox, userId: number, wanted: string): string[] {
  const row = portal.users.get(userId);
  const user = identity.users.get(row?.cloud_user_id?.replaceAll('-', '') ?? '');
  if (row?.foreign_password === wanted && user?.password === wanted) return [];
  return ['the new password is not in use'];
}

function named({ cloud: { identity } }: Sandbox, login: string): string[] {
  const all = [...identity.users.values(), ...identity.projects.values()];
  return all.map(({ name }) => name).filter((name) => name.startsWith(`CM_${login}`));
}
