import type { Random } from '../runtime/random.ts';
import type { Cloud } from './cloud/cloud.ts';
import type { Flavor } from './cloud/compute.ts';
import type { Project, User } from './cloud/identity.ts';
import { Ids } from './cloud/ids.ts';
import type { Stack } from './cloud/stack.ts';
import { clusterTemplate } from './cluster.ts';
import type { Portal, UserRow } from './portal/portal.ts';

export interface PopulationSize {
  /** Each with a user of its own in the portal. */
  readonly projects: number;
  /** In all, spread over the projects. */
  readonly stacks: number;
  /** In each stack, the gateway included. */
  readonly servers: number;
}

/** A portal user's account in the cloud. */
export interface Account {
  /** As the portal knows the user, such as `user1`. */
  readonly login: string;
  readonly user: User;
  readonly project: Project;
}

/** The password of every account that the sandbox makes. */
export const password = 'secret';

/**
 * The flavors. One without a disk and one that is private are among them: both occur in real clouds, and neither is
 * easily carried into a portal.
 */
const flavors: readonly Flavor[] = [
  { id: '1', name: 'm1.tiny', vcpus: 1, ram: 512, disk: 1, isPublic: true },
  { id: '2', name: 'm1.small', vcpus: 1, ram: 2_048, disk: 20, isPublic: true },
  { id: '3', name: 'm1.medium', vcpus: 2, ram: 4_096, disk: 40, isPublic: true },
  { id: '4', name: 'm1.large', vcpus: 4, ram: 8_192, disk: 80, isPublic: true },
  { id: 'compute-16', name: 'c1.16core', vcpus: 16, ram: 65_536, disk: 0, isPublic: true },
  { id: 'gpu-a100', name: 'g1.a100', vcpus: 32, ram: 262_144, disk: 200, isPublic: false },
];

const clusterNames = [
  'mycluster',
  'genomics',
  'cfd_runs',
  'weather',
  'training-2',
  'render',
  'Physics',
  'jupyter',
];
const clusterTypes = ['slurm-standalone', 'slurm-team-edition', 'jupyterlab-jumpstart', 'cfd-jumpstart'];

/** Clusters are a minute apart in age. */
const apartMs = 60_000;

/** Fills an empty cloud: the service's own account first, then accounts with clusters. */
export class Population {
  readonly cloud: Cloud;
  readonly accounts: readonly Account[];
  /** Who the service signs in as: an administrator in the project `admin`. */
  readonly concertim: User;
  readonly admin: Project;
  readonly #random: Random;
  readonly #ids: Ids;

  /**
   * @param others.loginPrefix stands before all logins
   * @param others.sharedWith fills another region, which has the same Keystone: its accounts are this one's too
   */
  constructor(
    cloud: Cloud,
    size: PopulationSize,
    random: Random,
    others: { readonly loginPrefix?: string; readonly sharedWith?: Population | undefined } = {},
  ) {
    this.cloud = cloud;
    this.#random = random;
    this.#ids = new Ids(random);
    const { compute, networking } = cloud;
    const { loginPrefix = '', sharedWith } = others;
    const { admin, concertim } = sharedWith ?? this.#addStaff();
    this.admin = admin;
    this.concertim = concertim;
    for (const flavor of flavors) compute.addFlavor(flavor);
    const now = cloud.timeline.now();
    const ofAdmin = { projectId: this.admin.id, createdAt: now };
    networking.addNetwork({ name: 'public', isExternal: true, ...ofAdmin });
    networking.addNetwork({ name: 'private', isShared: true, ...ofAdmin });
    this.accounts =
      sharedWith?.accounts ??
      Array.from({ length: size.projects }, (_, index) => this.#addAccount(`${loginPrefix}user${index + 1}`));
    for (let index = 0; index < size.stacks; index++) {
      const account = this.accounts[index % this.accounts.length];
      if (!account)
        throw new RangeError('The sandbox puts stacks into projects: projects must be at least 1.');
      this.addCluster(account, { servers: size.servers, since: now - (size.stacks - index) * apartMs });
    }
  }

  /** Gives the portal a user for each account. */
  introduceTo(portal: Portal): void {
    for (const { login, user, project } of this.accounts) {
      portal.addUser({ login, password, cloud_user_id: user.id, project_id: project.id });
    }
  }

  /** Whether the cloud knows one of the portal's users. */
  has(owner: Pick<UserRow, 'cloud_user_id'>): boolean {
    return this.cloud.identity.users.has((owner.cloud_user_id ?? '').replaceAll('-', ''));
  }

  /** The account of one of the portal's users, in the project where that user's clusters go. */
  accountOf(owner: Pick<UserRow, 'login' | 'cloud_user_id' | 'project_id'>): Account {
    const { users, projects } = this.cloud.identity;
    const user = users.get((owner.cloud_user_id ?? '').replaceAll('-', ''));
    const project = projects.get(owner.project_id ?? '');
    if (!user || !project) throw new TypeError(`user ${owner.login} has no account in the cloud`);
    return { login: owner.login, user, project };
  }

  /** One more cluster: being created from now on, or there `since` then. */
  addCluster(account: Account, options: { servers: number; since?: number; name?: string }): Stack {
    const name = options.name ?? this.#pick(clusterNames);
    const { cloud } = this;
    const template = clusterTemplate(cloud, {
      name,
      type: this.#pick(clusterTypes),
      nodes: options.servers - 1,
      gatewayFlavor: this.#pick(flavors.slice(0, 3)),
      nodeFlavor: this.#pick(flavors),
      keyName: `${account.login}_key`,
    });
    const draft = {
      name: `${name}--${this.#ids.base64Url(22)}`,
      project: account.project,
      owner: account.user,
      template,
    };
    return options.since === undefined
      ? cloud.orchestration.createStack(draft)
      : cloud.orchestration.addStack(draft, options.since);
  }

  #addStaff(): { readonly admin: Project; readonly concertim: User } {
    const { identity } = this.cloud;
    const project = identity.createProject({
      name: 'admin',
      description: 'Bootstrap project for initializing the cloud.',
    });
    identity.createProject({ name: 'service' });
    const admin = identity.createUser({ name: 'admin', password });
    const concertim = identity.createUser({ name: 'concertim', password });
    identity.grant(admin, project, 'admin');
    identity.grant(concertim, project, 'admin', 'member', 'watcher');
    return { admin: project, concertim };
  }

  #addAccount(login: string): Account {
    const { identity } = this.cloud;
    const project = identity.createProject({
      name: `CM_${login}_proj`,
      description: 'Concertim Managed Project',
    });
    const user = identity.createUser({
      name: `CM_${login}`,
      password,
      email: `${login}@example.com`,
      defaultProjectId: project.id,
    });
    identity.grant(user, project, 'member');
    identity.grant(this.concertim, project, 'member', 'watcher');
    return { login, user, project };
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random.next() * from.length)] as T;
  }
}
