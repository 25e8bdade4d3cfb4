import type { Release } from '../../concertim/profile.ts';
import { type Clock, isoTime, systemClock } from '../../runtime/clock.ts';
import { type Random, seededRandom } from '../../runtime/random.ts';
import type { JsonObject } from './attributes.ts';
import { jsonb } from './jsonb.ts';
import { PublicIds } from './public-ids.ts';
import { hasKinds, type ReleaseRules, releaseRules } from './release-rules.ts';
import { Table } from './table.ts';

/** Rows of the portal's tables, by the names of their columns. */
export interface UserRow {
  readonly id: number;
  readonly login: string;
  readonly name: string;
  readonly email: string;
  /** With which the user signs in to the portal. */
  readonly password: string;
  /** The one in the cloud; null: the portal has lost it, as some releases do after a change of the e-mail alone. */
  readonly foreign_password: string | null;
  /** One that the cloud is to have, until the companion has confirmed it. */
  readonly pending_foreign_password: string | null;
  readonly root: boolean;
  /** When the user's deletion was requested. */
  readonly deleted_at: string | null;
  /** Of the team that is kept in this row, in releases with teams; null: in this row there is none. */
  readonly team_name: string | null;
  /** When the team's deletion was requested, which no answer shows. */
  readonly team_deleted_at: string | null;
  /** With dashes, as PostgreSQL writes a uuid. */
  readonly cloud_user_id: string | null;
  readonly project_id: string | null;
  readonly cost: number;
  readonly billing_period_start: string | null;
  readonly billing_period_end: string | null;
  readonly billing_acct_id: string | null;
  readonly credits: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface TeamRoleRow {
  readonly id: number;
  readonly user_id: number;
  /** The number of the row that holds the team. */
  readonly team_id: number;
  readonly role: 'admin' | 'member';
}

export interface TemplateRow {
  readonly id: number;
  readonly name: string;
  readonly description: string | null;
  readonly height: number;
  readonly foreign_id: string | null;
  readonly vcpus: number | null;
  readonly ram: number | null;
  readonly disk: number | null;
  /** Of networks and volumes, in releases with kinds of devices. */
  readonly tag: string | null;
  /** Whether devices are made from it, and not racks. */
  readonly rackable: boolean;
}

export interface RackRow {
  readonly id: number;
  readonly user_id: number;
  readonly name: string;
  readonly u_height: number;
  readonly status: string;
  readonly cost: number;
  /** In releases that have them; null elsewhere. */
  readonly order_id: string | null;
  readonly cluster_type: string | null;
  readonly cloud_created_at: string | null;
  readonly creation_output: string | null;
  readonly metadata: JsonObject;
  readonly network_details: JsonObject;
}

export interface DeviceRow {
  readonly id: number;
  readonly template_id: number;
  readonly name: string;
  readonly description: string | null;
  readonly status: string;
  readonly cost: number;
  /** Null with the rest of its place: a device that stands in no rack. */
  readonly rack_id: number | null;
  readonly start_u: number;
  readonly end_u: number;
  readonly facing: 'f' | 'b';
  readonly public_ips: string | null;
  readonly private_ips: string | null;
  readonly ssh_key: string | null;
  readonly login_user: string | null;
  /** An object, where nobody has sent a text or a list. */
  readonly volume_details: JsonObject | string | readonly unknown[];
  /** What it shows, and what it says of it when that is no server. */
  readonly kind: 'Instance' | 'Volume' | 'Network';
  readonly details: JsonObject;
  /** The kind of its details: another one than its own after a change of its type was refused, and stored. */
  readonly details_kind: 'Instance' | 'Volume' | 'Network';
  readonly cloud_created_at: string | null;
  readonly metadata: JsonObject;
}

/** Queues what has the companion delete a user or a team in the cloud, and then deletes it in the portal. */
export interface DeletionJobs {
  readonly ofUser: (id: UserRow['id']) => void;
  readonly ofTeam: (id: UserRow['id']) => void;
}

/** What can be listened to. */
export type PortalTable = 'users' | 'racks' | 'devices';
/** Called with table and id of a row that came, changed or went; read the row to see what it is now, if it is there. */
export type PortalListener = (table: PortalTable, id: number) => void;

/** The template that racks are made from: the portal's first, and in no list. */
const rackTemplateHeight = 42;

/**
 * Concertim: its tables, with an account `admin` (password `admin`). What is done here is done by hand, past every
 * validation; the API's rules are in the modules of its resources, and what releases do otherwise in release-rules.ts.
 *
 * A row's id is a number here, whatever the API shows. In releases with teams the row of a user who is no super-user can hold a
 * team besides, mostly that user's own; `project_id`, `billing_acct_id`, `cost` and `credits` are the team's.
 */
export class Portal {
  /** Of the cluster builder: the types that a rack may name where it has to. */
  readonly clusterTypes = new Set([
    'slurm-standalone',
    'slurm-team-edition',
    'jupyterlab-jumpstart',
    'cfd-jumpstart',
  ]);
  /** Of tokens, where a sign-out takes them from the list. */
  readonly allowedTokens = new Set<string>();
  readonly clock: Clock;
  readonly users: Table<UserRow>;
  readonly teamRoles = new Table<TeamRoleRow>();
  readonly templates = new Table<TemplateRow>();
  readonly racks: Table<RackRow>;
  readonly devices: Table<DeviceRow>;
  /** Most racks and devices by the licence; none by default. */
  readonly limits: { racks?: number; devices?: number } = {};
  /** Of the configuration of a cloud; undefined: there is none, and no user or team can be deleted. */
  deletionJobs: DeletionJobs | undefined;
  /** Where the companion's API server is, which carries out what users ask of the cloud; undefined: nowhere. */
  companionUrl: string | undefined;
  /** How long a token lasts from its sign-in on. */
  tokenLifetimeMs = 24 * 60 * 60 * 1000;
  readonly #random: Random;
  readonly #rackNames = new Map<string, number>();
  readonly #devicesByRack = new Map<number, Map<number, DeviceRow>>();
  readonly #listeners = new Set<PortalListener>();
  #release: Release;
  #ids: PublicIds;
  #secret: string;

  constructor(options: { clock?: Clock; random?: Random; release?: Release } = {}) {
    this.#release = options.release ?? 'main';
    this.#ids = new PublicIds(this.rules);
    this.clock = options.clock ?? systemClock;
    this.#random = options.random ?? seededRandom(1);
    this.#secret = this.#hex(64);
    const tell = (table: PortalTable, id: number) => {
      for (const listener of this.#listeners) listener(table, id);
    };
    this.users = new Table<UserRow>({
      enter: (user) => tell('users', user.id),
      leave: (user) => tell('users', user.id),
    });
    this.racks = new Table<RackRow>({
      enter: (rack) => {
        this.#countName(rack, 1);
        tell('racks', rack.id);
      },
      leave: (rack) => {
        this.#countName(rack, -1);
        tell('racks', rack.id);
      },
    });
    this.devices = new Table<DeviceRow>({
      enter: (device) => {
        this.#rackSlots(device).set(device.id, device);
        tell('devices', device.id);
      },
      leave: (device) => {
        this.#rackSlots(device).delete(device.id);
        tell('devices', device.id);
      },
    });
    this.addTemplate({ name: 'rack', height: rackTemplateHeight, rackable: false });
    this.#seedTemplates();
    this.addUser({ login: 'admin', name: 'System Administrator', password: 'admin', root: true });
  }

  /** Calls `listener` for every row that comes, changes or goes from now on; the returned function ends that. */
  onChange(listener: PortalListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get release(): Release {
    return this.#release;
  }

  get rules(): ReleaseRules {
    return releaseRules[this.#release];
  }

  /** Ids as the API shows them. */
  get ids(): PublicIds {
    return this.#ids;
  }

  /** Becomes another release. The rows stay, and are shown in its words: what its migrations do to them is in upgrade.ts. */
  become(release: Release): void {
    const { ids } = this.rules;
    this.#release = release;
    if (this.rules.ids !== ids) this.#ids = new PublicIds(this.rules);
    this.#seedTemplates();
    for (const table of [this.users, this.templates, this.racks, this.devices]) {
      for (const { id } of table.all()) table.touch(id);
    }
  }

  /** What signs the tokens. */
  get secret(): string {
    return this.#secret;
  }

  /** Invalidates all tokens before their time, as a reinstalled portal does. */
  changeSecret(): void {
    this.#secret = this.#hex(64);
  }

  /** A UUID of the portal's own chance. */
  uuid(): string {
    return dashed(this.#hex(32));
  }

  addUser(columns: Pick<UserRow, 'login'> & Partial<UserRow>): UserRow {
    const now = isoTime(this.clock.now());
    const { id, ...rest } = columns;
    const { password = `secret-${columns.login}` } = columns;
    const user = this.users.insert(
      {
        name: columns.login,
        email: `${columns.login}@test.com`,
        password,
        foreign_password: password,
        pending_foreign_password: null,
        root: false,
        deleted_at: null,
        team_name: columns.root ? null : `${columns.login}_team`,
        team_deleted_at: null,
        project_id: null,
        cost: 0,
        billing_period_start: null,
        billing_period_end: null,
        billing_acct_id: null,
        credits: 0,
        created_at: now,
        updated_at: now,
        ...rest,
        cloud_user_id: columns.cloud_user_id ? this.storedUserId(columns.cloud_user_id) : null,
      },
      id,
    );
    if (user.team_name !== null) this.teamRoles.insert({ user_id: user.id, team_id: user.id, role: 'admin' });
    return user;
  }

  /** With dashes in releases whose column is a uuid, as it was given in others. */
  storedUserId(id: string): string {
    return this.rules.namesExceptions ? id : dashed(id);
  }

  addTemplate(columns: Pick<TemplateRow, 'name'> & Partial<TemplateRow>): TemplateRow {
    const { id, ...rest } = columns;
    return this.templates.insert(
      {
        description: null,
        height: 1,
        foreign_id: null,
        vcpus: null,
        ram: null,
        disk: null,
        tag: null,
        rackable: true,
        ...rest,
      },
      id,
    );
  }

  addRack(columns: Pick<RackRow, 'user_id' | 'name'> & Partial<RackRow>): RackRow {
    const { id, ...rest } = columns;
    return this.racks.insert(
      {
        u_height: 42,
        status: 'ACTIVE',
        cost: 0,
        order_id: null,
        cluster_type: null,
        cloud_created_at: null,
        creation_output: null,
        ...rest,
        metadata: jsonb(columns.metadata ?? {}),
        network_details: jsonb(columns.network_details ?? {}),
      },
      id,
    );
  }

  addDevice(
    columns: Pick<DeviceRow, 'template_id' | 'name' | 'rack_id' | 'start_u'> & Partial<DeviceRow>,
  ): DeviceRow {
    const { id, ...rest } = columns;
    return this.devices.insert(
      {
        description: null,
        status: 'ACTIVE',
        cost: 0,
        facing: 'f',
        public_ips: null,
        private_ips: null,
        ssh_key: null,
        login_user: null,
        kind: 'Instance',
        details_kind: columns.kind ?? 'Instance',
        details: {},
        cloud_created_at: null,
        end_u: topUnit(columns.start_u, this.templates.get(columns.template_id)),
        ...rest,
        volume_details: jsonb(columns.volume_details ?? {}),
        metadata: jsonb(columns.metadata ?? {}),
      },
      id,
    );
  }

  /** Deletes a rack with all that stands in it. */
  deleteRack(id: number): void {
    for (const device of this.devicesIn(id)) this.devices.remove(device.id);
    this.#devicesByRack.delete(id);
    this.racks.remove(id);
  }

  /** Deletes a user with all racks. */
  deleteUser(id: number): void {
    for (const rack of this.racks.all()) if (rack.user_id === id) this.deleteRack(rack.id);
    for (const role of this.teamRoles.all()) if (role.user_id === id) this.teamRoles.remove(role.id);
    this.users.remove(id);
  }

  /** What stands in a rack, from its top down: so the portal shows it. */
  devicesIn(rackId: number): DeviceRow[] {
    const devices = [...(this.#devicesByRack.get(rackId)?.values() ?? [])];
    return devices.sort((a, b) => b.start_u - a.start_u);
  }

  /** How many racks of a user have this name: more than one blocks them all. */
  racksNamed(userId: number, name: string): number {
    return this.#rackNames.get(nameKey(userId, name)) ?? 0;
  }

  /** Releases with kinds bring the templates of networks and volumes with them. */
  #seedTemplates(): void {
    if (!hasKinds(this.rules)) return;
    const tags = new Set(this.templates.all().map(({ tag }) => tag));
    if (!tags.has('network')) {
      this.addTemplate({ name: 'network', description: 'Network', tag: 'network', height: 1 });
    }
    if (!tags.has('volume')) {
      this.addTemplate({ name: 'volume', description: 'Volume', tag: 'volume', height: 2 });
    }
  }

  #countName(rack: RackRow, change: 1 | -1): void {
    const key = nameKey(rack.user_id, rack.name);
    const count = (this.#rackNames.get(key) ?? 0) + change;
    if (count === 0) this.#rackNames.delete(key);
    else this.#rackNames.set(key, count);
  }

  #rackSlots({ rack_id: rackId }: DeviceRow): Map<number, DeviceRow> {
    const key = rackId ?? 0;
    let slots = this.#devicesByRack.get(key);
    if (!slots) this.#devicesByRack.set(key, (slots = new Map()));
    return slots;
  }

  #hex(digits: number): string {
    return Array.from({ length: digits }, () => Math.floor(this.#random.next() * 16).toString(16)).join('');
  }
}

/** The highest unit that a device covers. */
export function topUnit(startU: number, template: TemplateRow | undefined): number {
  return startU + (template?.height ?? 1) - 1;
}

/** 32 hexadecimal digits in the groups of a UUID. */
export function dashed(hex: string): string {
  const digits = hex.replaceAll('-', '').toLowerCase();
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function nameKey(userId: number, name: string): string {
  return `${userId}/${name}`;
}
