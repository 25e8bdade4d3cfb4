import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemClock } from '../../src/runtime/clock.ts';
import { publishNotifications } from '../../src/sandbox/notifications-rabbitmq.ts';
import { password } from '../../src/sandbox/population.ts';
import { type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { showServers } from '../../test/support/metrics-scenario.ts';
import { answerQuestions, childArgument } from './child.ts';
import { measureUsage } from './usage.ts';

/** The cloud and the portal of a measurement: in a process of their own, as they are. */
export type SandboxAnswers = typeof answers;

export interface SandboxProcessOptions extends Omit<SandboxOptions, 'clock'> {
  /** A RabbitMQ that the cloud publishes its notifications to. */
  readonly rmq?: { readonly url: string; readonly exchangePrefix: string };
}

const { rmq, ...options } = childArgument() as SandboxProcessOptions;
// The portal whose figures docs/performance.md has had from the beginning.
const sandbox = await startSandbox({ release: '2023-08', pace: 0, ...options });
// It is filled first.
if (sandbox.portalSpeed) sandbox.portalSpeed.isOff = true;
const { cloud, portal, services, population } = sandbox;
if (rmq) {
  await publishNotifications(cloud, rmq.url, { exchangePrefix: rmq.exchangePrefix, onError: console.error });
}
const serverIds = [...cloud.compute.servers()].map(({ id }) => id);
const wholePopulation = portal.templates.size;

let usage = measureUsage();
let firstRequestAt: number | undefined;
/** Those who wait for a device to be changed, by its id. */
const changes = new Map<string, (at: number) => void>();

subscribe('http.server.request.start', () => {
  firstRequestAt ??= now();
});
subscribe('http.server.response.finish', (message) => {
  const { request } = message as { request: IncomingMessage; response: ServerResponse };
  if (request.method !== 'PATCH') return;
  const id = /^\/api\/v1\/devices\/(\d+)$/.exec(request.url ?? '')?.[1];
  if (id !== undefined) changes.get(id)?.(performance.now());
});

const answers = {
  config: () => sandbox.config,

  /** Resets the counts. */
  forget() {
    for (const service of Object.values(services)) service.forget();
    usage = measureUsage();
    firstRequestAt = undefined;
  },

  /** The requests to each service since then, and what they cost this process. */
  counts() {
    const used = Object.values(services).filter(({ seen }) => seen.length > 0);
    return {
      requests: Object.fromEntries(used.map(({ name, seen }) => [name, seen.length])),
      mostInFlight: Object.fromEntries(used.map(({ name, mostInFlight }) => [name, mostInFlight])),
      firstRequestAt,
      ...usage(),
    };
  },

  /** From now on the portal takes as long as a real one. */
  slowPortal() {
    if (sandbox.portalSpeed) sandbox.portalSpeed.isOff = false;
  },

  /** How long the portal has worked, ms. */
  portalBusyMs: () => sandbox.portalSpeed?.busyMs ?? 0,

  /** Takes all that was made out of the portal. */
  emptyPortal() {
    for (const { id } of portal.devices.all()) portal.devices.remove(id);
    for (const { id } of portal.racks.all()) portal.racks.remove(id);
    for (const { id } of portal.templates.all().slice(wholePopulation)) portal.templates.remove(id);
  },

  /** A device for each server, for measurements that do not reconcile. */
  showServers: () => showServers(sandbox),

  /** Whether each server has its device. */
  isShown: () => portal.devices.size >= serverIds.length,

  /** Has Nova and Neutron each announce something. */
  announceOnce() {
    switchServer(serverIds[0] ?? '');
    cloud.setFloatingIp(serverIds[1] ?? '', true);
  },

  /** Switches one server in a hundred, spread over the stacks. */
  changeOneInAHundred() {
    for (let at = 0; at < serverIds.length; at += 100) switchServer(serverIds[at] ?? '');
  },

  /** Switches servers, each when the one before is shown. @returns ms from the switch to the answered PATCH of each */
  async singleEvents(count: number) {
    const times: number[] = [];
    for (let event = 0; event < count; event++)
      times.push(await switchAndWait(serverIds[event % serverIds.length]));
    return times;
  },

  /** Switches so many different servers at once. @returns as above */
  burst: (count: number) => Promise.all(serverIds.slice(0, count).map(switchAndWait)),

  /** Who may call the API server: an administrator; and which servers it may switch. */
  callers: () => ({
    admin: {
      auth_url: sandbox.config.openstack.auth_url,
      user_id: population.concertim.id,
      password,
      project_id: population.admin.id,
    },
    serverIds,
  }),
};
answerQuestions(answers);

async function switchAndWait(serverId = ''): Promise<number> {
  const device = String(deviceIds().get(serverId));
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  changes.set(device, resolve);
  const giveUp = new AbortController();
  systemClock.sleep(30_000, giveUp.signal).then(
    () => reject(new Error(`The portal received nothing about server ${serverId} within 30 s.`)),
    () => {},
  );
  const startedAt = performance.now();
  switchServer(serverId);
  try {
    return (await promise) - startedAt;
  } finally {
    giveUp.abort();
    changes.delete(device);
  }
}

let known: Map<unknown, number> | undefined;

function deviceIds(): Map<unknown, number> {
  known ??= new Map(portal.devices.all().map(({ id, metadata }) => [metadata['openstack_instance_id'], id]));
  return known;
}

function switchServer(id: string): void {
  cloud.compute.act(id, cloud.compute.server(id)?.vmState === 'stopped' ? 'start' : 'stop');
}

/** Ms since 1970, with parts: comparable with another process's on the same machine. */
function now(): number {
  return performance.timeOrigin + performance.now();
}
