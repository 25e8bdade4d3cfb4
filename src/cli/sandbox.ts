import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { componentNames } from '../components.ts';
import type { Release } from '../concertim/profile.ts';
import { loadConfig } from '../config/load.ts';
import { systemClock } from '../runtime/clock.ts';
import { freePort } from '../sandbox/free-port.ts';
import { killBillLogin } from '../sandbox/killbill/routes.ts';
import { exchanges, InMemoryNotifications } from '../sandbox/notifications.ts';
import { publishNotifications } from '../sandbox/notifications-rabbitmq.ts';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts';
import type { SandboxCloud } from '../sandbox/sandbox-cloud.ts';
import { Service } from '../service.ts';
import { stopSignal } from './stop-signal.ts';

export interface SandboxCommandOptions {
  /** The portal's release. */
  readonly portal: Release;
  readonly seed: number;
  readonly projects: number;
  readonly stacks?: number;
  readonly servers: number;
  readonly clouds: keyof typeof cloudNames;
  /** The clouds are regions of one Keystone. */
  readonly sharedKeystone?: boolean;
  readonly latency: number;
  /** Has the portal take as long as a real one. */
  readonly portalSpeed?: 'real';
  /** The cloud has a CloudKitty with the storage of that version. */
  readonly rating?: 'v1' | 'v2';
  /** The simulated KillBill is the billing platform. */
  readonly killbill?: boolean;
  /** Seconds between two steps of the story. */
  readonly step: number;
  /** Nothing happens by itself. */
  readonly still?: boolean;
  /** A RabbitMQ to publish the clouds' notifications to. */
  readonly rmq?: string;
  /** Runs the service on it, in this process. */
  readonly withService?: boolean;
  readonly logFormat?: 'json' | 'pretty';
}

/** Names of the clouds, by their number. */
const cloudNames = {
  1: ['cloud'],
  2: ['north', 'south'],
  3: ['north', 'south', 'east'],
  4: ['north', 'south', 'east', 'west'],
} as const;

/** Between two full runs: short, because one watches. */
const intervalSeconds = 20;

/** `sandbox`: a cloud and a portal to try things on, until Ctrl-C. @returns the exit code */
export async function sandbox(options: SandboxCommandOptions): Promise<number> {
  using stop = stopSignal();
  await using running = await startSandbox({
    release: options.portal,
    seed: options.seed,
    projects: options.projects,
    ...(options.stacks !== undefined && { stacks: options.stacks }),
    servers: options.servers,
    clouds: cloudNames[options.clouds],
    ...(options.sharedKeystone && { sharedKeystone: true }),
    latencyMs: options.latency,
    portalSpeed: options.portalSpeed,
    ...(options.rating && { rating: options.rating }),
    story: !options.still,
    storyIntervalMs: options.step * 1_000,
    onStep: (told) => console.log(`# cloud: ${told}`),
  });
  await using publishers = new AsyncDisposableStack();
  if (options.rmq !== undefined) {
    for (const cloud of running.clouds) {
      const publisher = await publishNotifications(cloud.cloud, options.rmq, {
        exchangePrefix: prefixOf(cloud, running),
        onError: (error) => console.error(`# RabbitMQ: ${String(error)}`),
      });
      publishers.use(publisher);
    }
  }
  const folder = await mkdtemp(join(tmpdir(), 'concertim-sandbox-'));
  try {
    const file = join(folder, 'config.yaml');
    // The usual ones may be in use: on this machine a real service may run.
    const apiPort = await freePort(2 * componentNames.length);
    if (options.withService) running.portal.companionUrl = `http://127.0.0.1:${apiPort}`;
    const settings = {
      log_level: 'info',
      ...running.configOfAll((cloud) =>
        options.rmq === undefined ? {} : { rmq: rmqSettings(new URL(options.rmq), prefixOf(cloud, running)) },
      ),
      updates: { interval: intervalSeconds },
      // Portals of releases with tokens send one; a person who tries the API by hand needs none.
      api: { host: '127.0.0.1', port: apiPort, jwt: 'if-present', jwt_secret: running.portal.secret },
      observability: { port: apiPort + 1 },
      ...(options.killbill && killBillSettings(running)),
    };
    await writeFile(file, stringify(settings), { mode: 0o600 });
    const printAddresses = () => console.log(whereToLook(running, { file, apiPort }, options));
    printAddresses();
    // Enter repeats the addresses that have scrolled out of sight.
    using _repeat = onEnter(printAddresses);
    if (options.withService) await serve(running, file, options, stop.signal, printAddresses);
    else await untilStopped(stop.signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return 0;
}

/** All components; without a RabbitMQ the clouds' notifications reach them in memory. */
async function serve(
  { clouds }: Sandbox,
  file: string,
  options: SandboxCommandOptions,
  signal: AbortSignal,
  printAddresses: () => void,
): Promise<void> {
  let isFilled = false;
  await using service = new Service({
    config: loadConfig({ file }),
    // The first run fills the portal and the screen: where to look is said below it.
    onReport: () => {
      if (!isFilled) printAddresses();
      isFilled = true;
    },
    configFile: file,
    components: componentNames,
    isStatusPageOpen: true,
    logFormat: options.logFormat ?? 'pretty',
    ...(options.rmq === undefined && {
      notifications: new InMemoryNotifications(...clouds.map(({ cloud }) => cloud)),
    }),
  });
  await service.run(signal);
}

/** Calls back when somebody presses Enter at a terminal. */
function onEnter(then: () => void): Disposable {
  const { stdin } = process;
  if (stdin.isTTY) stdin.on('data', then);
  return {
    [Symbol.dispose]() {
      stdin.off('data', then);
      stdin.pause();
    },
  };
}

/** What the names of a cloud's exchanges begin with: several clouds share the RabbitMQ. */
function prefixOf({ name }: SandboxCloud, { clouds }: Sandbox): string {
  return clouds.length > 1 ? `${name}-` : '';
}

function rmqSettings({ protocol, hostname, port, username, password, pathname }: URL, prefix: string) {
  const vhost = decodeURIComponent(pathname.slice(1));
  return {
    rmq_address: hostname,
    ...(port !== '' && { rmq_port: Number(port) }),
    rmq_username: decodeURIComponent(username) || 'guest',
    rmq_password: decodeURIComponent(password) || 'guest',
    rmq_path: vhost || '/',
    tls: protocol === 'amqps:',
    deployment: `${prefix}sandbox`,
    ...(prefix !== '' && { exchanges: exchanges.map((name) => `${prefix}${name}`) }),
  };
}

function killBillSettings({ services }: Sandbox) {
  const { username, password, apiKey: apikey, apiSecret: apisecret } = killBillLogin;
  const killbill = { api_host: services.killbill.url, username, password, apikey, apisecret };
  return { billing: { platform: 'killbill' }, killbill };
}

async function untilStopped(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await systemClock.sleep(60_000, signal).catch(() => undefined);
}

function whereToLook(
  { clouds, services, config }: Sandbox,
  { file, apiPort }: { file: string; apiPort: number },
  options: SandboxCommandOptions,
): string {
  const isCheckout = import.meta.filename.endsWith('.ts');
  const command = `${isCheckout ? 'bin/' : ''}concertim-openstack-service`;
  const api = options.withService
    ? `\n  api      http://127.0.0.1:${apiPort}          what the portal asks of the cloud`
    : '';
  const killBill = options.killbill
    ? `\n  killbill ${services.killbill.url}         user ${killBillLogin.username}, password ${killBillLogin.password}, API key ${killBillLogin.apiKey}, secret ${killBillLogin.apiSecret}`
    : '';
  const status = options.withService
    ? `\n  http://127.0.0.1:${apiPort}/ui/          whether the service keeps them in step`
    : '';
  return `
A sandbox is running: ${clouds.length > 1 ? `${clouds.length} OpenStack clouds` : 'an OpenStack cloud'} and a Concertim portal in this process (seed ${options.seed}).

${clouds.map((cloud) => addressOf(cloud, clouds.length > 1)).join('\n')}
  portal   ${services.concertim.url}         user ${config.concertim.concertim_username}, password ${config.concertim.concertim_password}
  control  ${services.control.url}         GET / tells its state, POST /tick moves the story, POST /faults adds faults,
           ${' '.repeat(services.control.url.length)}         POST /users signs somebody up in the portal, GET /jobs shows what it asks of the service${api}${killBill}
  config   ${file}

In another terminal${isCheckout ? ', from this folder' : ''}:

  ${command} plan --config ${file}
  ${command} ${options.withService ? 'status' : 'run'} --config ${file}

Look at it in a browser (Enter here prints this again, Ctrl-C ends it):

  ${services.concertim.url}/             the racks of the portal, and the cloud${clouds.length > 1 ? 's' : ''} beside them${status}
`;
}

function addressOf({ name, config: { openstack } }: SandboxCloud, isNamed: boolean): string {
  const { auth_url, username, password, region_name: region } = openstack;
  const from = isNamed ? `, cloud ${name}` : '';
  const at = region === undefined ? '' : `, region ${region}`;
  return `  cloud    ${auth_url}      user ${username}, password ${password}${at || from}`;
}
