/**
 * The cloud and the portal of a soak, in a process of their own until it is stopped. Prints one line of JSON: where they
 * listen. Another portal's release can follow at the same ports.
 */
import { publishNotifications } from '../../src/sandbox/notifications-rabbitmq.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';

export interface WorldOptions
  extends Pick<SandboxOptions, 'release' | 'projects' | 'stacks' | 'servers' | 'ports'> {
  /** A RabbitMQ that the cloud publishes its notifications to. */
  readonly rmqUrl: string;
}

export interface WorldPlaces {
  readonly config: Sandbox['config'];
  readonly controlUrl: string;
  readonly ports: NonNullable<SandboxOptions['ports']>;
}

const { rmqUrl, ...options } = JSON.parse(process.argv[2] ?? '{}') as WorldOptions;
const sandbox = await startSandbox({ ...options, story: true, storyIntervalMs: 1_000 });
await publishNotifications(sandbox.cloud, rmqUrl, { onError: console.error });
const { config, services } = sandbox;
const places: WorldPlaces = {
  config,
  controlUrl: services.control.url,
  ports: Object.fromEntries(
    Object.values(services).map(({ name, url }) => [name, Number(new URL(url).port)]),
  ),
};
console.log(JSON.stringify(places));
