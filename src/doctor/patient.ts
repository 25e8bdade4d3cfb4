import { Broker } from '../amqp/broker.ts';
import { Session as PortalSession } from '../concertim/session.ts';
import type { CloudConfig, Config } from '../config/config.ts';
import type { Status } from '../observability/status.ts';
import { Session as CloudSession } from '../openstack/session.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { systemRandom } from '../runtime/random.ts';

/** What is examined: a configuration, and of the systems that it names the portal and one cloud. */
export interface Patient extends AsyncDisposable {
  readonly config: Config;
  /** Path of the configuration's file. */
  readonly file: string;
  /** The same configuration with each of its other clouds. */
  readonly others: readonly Patient[];
  /** The cloud that is examined. */
  readonly place: CloudConfig;
  readonly cloud: CloudSession;
  readonly portal: PortalSession;
  /** undefined: none is configured. */
  readonly broker: Broker | undefined;
  readonly clock: Clock;
  /** What the processes of the service on this machine say of themselves. */
  readonly running: readonly Status[];
  /** How long one request may take. */
  readonly timeoutMs: number;
}

/** Whatever does not answer in that time is in no state to serve. */
const usualTimeoutMs = 4_000;
const once = { tries: 1, baseMs: 0, maxMs: 0, longestRetryAfterMs: 0 };

/** Connections of its own: each request is tried once, and no sign-in is kept. */
export function admit(
  { config, file }: { readonly config: Config; readonly file: string },
  {
    running = [],
    timeoutMs = usualTimeoutMs,
  }: { readonly running?: readonly Status[]; readonly timeoutMs?: number } = {},
): Patient {
  const shared = { timeoutMs, listTimeoutMs: timeoutMs, retry: once };
  const portal = new PortalSession({ ...config.concertim, ...shared });
  const withCloud = (place: CloudConfig, others: readonly Patient[] = []): Patient => {
    const { openstack, rmq } = place;
    const cloud = new CloudSession({ ...openstack, ...shared });
    return {
      config,
      file,
      others,
      place,
      cloud,
      portal,
      broker: rmq && new Broker({ ...rmq, clock: systemClock, random: systemRandom }),
      clock: systemClock,
      running,
      timeoutMs,
      async [Symbol.asyncDispose]() {
        await Promise.all([cloud, portal, ...others.map((other) => other.cloud)].map((each) => each.close()));
      },
    };
  };
  const [first, ...further] = config.clouds;
  return withCloud(
    first,
    further.map((place) => withCloud(place)),
  );
}
