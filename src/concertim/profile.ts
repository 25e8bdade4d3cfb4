import { type DeviceKind, type DeviceStatus, rackStatuses } from './statuses.ts';

/**
 * The releases of Concertim that are supported, and how they differ. What is not in this table is the same in all of them.
 * A release ignores fields of a request that it does not know, so that one body serves all.
 *
 * | release | of | what operators have | what it began |
 * |---|---|---|---|
 * | `0.2.1` | 2023-07 | v0.2.1 | racks of users, devices with a status and a place |
 * | `2023-08` | 2023-08 | no release: between v0.2.1 and v0.2.3 | what devices say of servers, costs, SUSPENDED |
 * | `0.2.3` | 2023-10 | v0.2.2 and v0.2.3 | orders, billing accounts |
 * | `1.1` | 2024-01 | v1.0.0, v1.0.1 and v1.1.0 | UUIDs, credits |
 * | `1.2` | 2024-04 | v1.2.0 | teams, volumes and networks, dots in names |
 * | `main` | 2024-05 | main | statuses by the type of a device |
 * | `next` | 2024-06 | the branch enh/new-credits | types of clusters and times in place of orders and costs |
 */
export const releases = ['0.2.1', '2023-08', '0.2.3', '1.1', '1.2', 'main', 'next'] as const;
/** A release of Concertim, or a state between two releases that was in use. */
export type Release = (typeof releases)[number];

/** A field of an owner that can be written. */
export type OwnerField = 'projectId' | 'billingAccountId' | 'cost' | 'credits' | 'billingPeriod';

/** How one release differs from the others. */
export interface PortalProfile {
  readonly release: Release;
  /** Whether racks, and with them Keystone projects, belong to users or to teams. */
  readonly owner: 'user' | 'team';
  readonly ids: 'integer' | 'uuid';
  /** A rack needs an order of the billing platform: a text that no other rack has. */
  readonly orders: boolean;
  /** A rack needs the time at which its stack was made, and a type of cluster that the portal knows. */
  readonly clusterTypes: boolean;
  /**
   * How much a device says:
   *
   * - `bare`: name, status, place and metadata
   * - `flat`: addresses, key and volumes too
   * - `details`: it may be a volume or a network, by the type of its details
   * - `typed`: it has a type, and that has statuses of its own
   */
  readonly deviceKinds: 'bare' | 'flat' | 'details' | 'typed';
  /** Statuses of a device by kind; empty for a kind that the portal does not have. */
  readonly statuses: Readonly<Record<DeviceKind, readonly DeviceStatus[]>>;
  /** Whether names of devices may contain dots. */
  readonly dotsInNames: boolean;
  /** Whether racks and devices have costs. */
  readonly costs: boolean;
  /** Whether a device has the creation time of its cloud object. */
  readonly createdAt: boolean;
  readonly ownerFields: readonly OwnerField[];
  /** MiB or GiB: what the portal's page writes behind the memory of a template. */
  readonly ramLabel: 'GB' | 'MB';
}

const first: PortalProfile = {
  release: '0.2.1',
  owner: 'user',
  ids: 'integer',
  orders: false,
  clusterTypes: false,
  deviceKinds: 'bare',
  statuses: { server: rackStatuses, volume: [], network: [] },
  dotsInNames: false,
  costs: false,
  createdAt: false,
  ownerFields: ['projectId'],
  ramLabel: 'GB',
};

const ofAugust: PortalProfile = {
  ...first,
  release: '2023-08',
  deviceKinds: 'flat',
  statuses: { server: [...rackStatuses, 'SUSPENDED'], volume: [], network: [] },
  costs: true,
  ownerFields: ['projectId', 'cost', 'billingPeriod'],
};

const withOrders: PortalProfile = {
  ...ofAugust,
  release: '0.2.3',
  orders: true,
  ownerFields: ['projectId', 'billingAccountId', 'cost', 'billingPeriod'],
};

const withCredits: PortalProfile = {
  ...withOrders,
  release: '1.1',
  ids: 'uuid',
  ownerFields: ['projectId', 'billingAccountId', 'cost', 'credits', 'billingPeriod'],
};

const withTeams: PortalProfile = {
  ...withCredits,
  release: '1.2',
  owner: 'team',
  deviceKinds: 'details',
  statuses: {
    server: [...rackStatuses, 'SUSPENDED'],
    volume: [...rackStatuses, 'SUSPENDED'],
    network: [...rackStatuses, 'SUSPENDED'],
  },
  dotsInNames: true,
  ramLabel: 'MB',
};

const withTypes: PortalProfile = {
  ...withTeams,
  release: 'main',
  deviceKinds: 'typed',
  statuses: {
    server: [...rackStatuses, 'SUSPENDED'],
    volume: ['IN_PROGRESS', 'FAILED', 'ACTIVE', 'AVAILABLE'],
    network: rackStatuses,
  },
};

const withComputeUnits: PortalProfile = {
  ...withTypes,
  release: 'next',
  orders: false,
  clusterTypes: true,
  costs: false,
  createdAt: true,
  ownerFields: ['projectId'],
};

/** Each release's profile. */
export const profiles: Readonly<Record<Release, PortalProfile>> = {
  '0.2.1': first,
  '2023-08': ofAugust,
  '0.2.3': withOrders,
  '1.1': withCredits,
  '1.2': withTeams,
  main: withTypes,
  next: withComputeUnits,
};
