/** Events of `GET /sandbox/events` for the sandbox's page: `state` first, then `change` and `happening`. */

export interface UserView {
  readonly id: number;
  readonly login: string;
  readonly projectId: string | null;
  /** Names of the clouds that have the project. */
  readonly clouds: readonly string[];
}

export interface RackView {
  readonly id: number;
  readonly userId: number;
  readonly name: string;
  readonly height: number;
  readonly status: string;
  /** Of the stack that it shows; null for one made by hand. */
  readonly stackId: string | null;
}

export interface DeviceView {
  readonly id: number;
  readonly rackId: number;
  readonly name: string;
  readonly status: string;
  readonly startU: number;
  readonly endU: number;
  readonly template: string;
  readonly shows: 'server' | 'volume' | 'network';
  /** Of the server that it shows; null for one made by hand, and for a volume or network. */
  readonly serverId: string | null;
}

/** Values by the names of metrics, those that have not outlived their ttl. */
export type Figures = Readonly<Record<string, number>>;

export interface StackView {
  readonly id: string;
  /** Name of its cloud. */
  readonly cloud: string;
  readonly projectId: string;
  readonly name: string;
  readonly status: string;
  readonly reason: string;
  /** Of its group of nodes; null when it has none that could be resized. */
  readonly nodes: number | null;
}

export interface ServerView {
  readonly id: string;
  /** Name of its cloud. */
  readonly cloud: string;
  readonly projectId: string;
  /** The root of its tree; null for one of no stack. */
  readonly stackId: string | null;
  readonly name: string;
  readonly vmState: string;
  readonly taskState: string | null;
  readonly flavorId: string;
}

export interface FlavorView {
  readonly id: string;
  readonly name: string;
}

export interface CloudView {
  readonly name: string;
  readonly flavors: readonly FlavorView[];
}

/** How long it took from a change of a server until the portal showed it. */
export interface LagView {
  readonly name: string;
  readonly ms: number;
}

/** Rows that have come or changed, whole, and the ids of those that have gone. */
export interface ChangeView {
  readonly users: readonly UserView[];
  readonly racks: readonly RackView[];
  readonly devices: readonly DeviceView[];
  readonly figures: readonly (readonly [deviceId: number, figures: Figures])[];
  readonly stacks: readonly StackView[];
  readonly servers: readonly ServerView[];
  readonly gone: {
    readonly users: readonly number[];
    readonly racks: readonly number[];
    readonly devices: readonly number[];
    readonly stacks: readonly string[];
    readonly servers: readonly string[];
  };
  readonly lags: readonly LagView[];
}

/** All there is, as though it had come just now. */
export interface StateView extends ChangeView {
  readonly clouds: readonly CloudView[];
  /** Where the service's own page is; null: no service runs in this process. */
  readonly statusPage: string | null;
  /** The last things that happened, the oldest first. */
  readonly happened: readonly HappeningView[];
}

/** Something that happened by itself in the cloud, or that the portal shows. */
export interface HappeningView {
  /** Ms since 1970. */
  readonly at: number;
  /** In a few words. */
  readonly told: string;
  /** From the change in the cloud until the portal showed it; null for what happens in the cloud. */
  readonly lagMs: number | null;
}
