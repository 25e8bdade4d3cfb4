import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Connection } from 'rabbitmq-client';
import { limitFrames } from '../../src/amqp/frame-limit.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { freePort } from '../../src/sandbox/free-port.ts';

/** A RabbitMQ for tests, user guest, password guest, virtual host /. */
export interface TestBroker extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

/** A RabbitMQ of our own, which a test may treat as badly as it likes. Killed and started again it has its data still. */
export interface PrivateBroker extends TestBroker {
  /** Where it speaks TLS, with the certificate of test/fixtures/tls. */
  readonly tlsPort: number;
  /** As a power cut: SIGKILL. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** `rabbitmqctl`, such as `add_user`. @returns what it prints */
  control(...args: string[]): Promise<string>;
}

const execute = promisify(execFile);
/** Where Debian has the server. */
export const serverScript = '/usr/lib/rabbitmq/bin/rabbitmq-server';
/** On a busy machine Erlang alone takes a minute. */
const startTimeoutMs = 150_000;

/** Why there is no RabbitMQ to be had; undefined when there is one. Installs Debian's when it may. */
export async function whyNoBroker(): Promise<string | undefined> {
  if (await answers(5672)) return undefined;
  return whyNoPrivateBroker();
}

/** The same for a private one. */
export function whyNoPrivateBroker(): string | undefined {
  if (existsSync(serverScript)) return undefined;
  if (process.getuid?.() !== 0) return 'rabbitmq-server is not installed, and only root could install it';
  try {
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'rabbitmq-server'], {
      stdio: 'ignore',
      // Installing must not start one that listens to the world.
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    });
    return undefined;
  } catch {
    return 'rabbitmq-server is not installed, and apt-get could not install it';
  }
}

/** For tests that do no harm and use names of their own: the RabbitMQ of this machine, else a private one. */
export async function anyBroker(): Promise<TestBroker> {
  if (!(await answers(5672))) return startPrivateBroker();
  return { ...addressOf(5672), async [Symbol.asyncDispose]() {} };
}

/** Starts one, with ports, data and a port mapper (epmd) of its own, on loopback only. */
export async function startPrivateBroker(): Promise<PrivateBroker> {
  const port = await freePort(3);
  const [tlsPort, distribution, mapper] = [port + 1, port + 2, port + 3];
  const home = mkdtempSync(join(tmpdir(), 'rabbitmq-'));
  writeFileSync(
    join(home, 'rabbitmq.conf'),
    [
      `listeners.tcp.1 = 127.0.0.1:${port}`,
      `listeners.ssl.1 = 127.0.0.1:${tlsPort}`,
      `ssl_options.certfile = ${tlsFixture('cert.pem')}`,
      `ssl_options.keyfile = ${tlsFixture('key.pem')}`,
      'log.file = false',
      'log.console = true',
      'disk_free_limit.absolute = 50MB\n',
    ].join('\n'),
  );
  const env = {
    ...process.env,
    HOME: home,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(mapper),
    RABBITMQ_NODENAME: `test-${port}@localhost`,
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_CONFIG_FILE: join(home, 'rabbitmq.conf'),
    RABBITMQ_MNESIA_BASE: join(home, 'data'),
    RABBITMQ_LOG_BASE: join(home, 'log'),
    RABBITMQ_PID_FILE: join(home, 'pid'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(home, 'plugins'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1} +S 1:1',
  };
  const epmd = spawn('epmd', [], { env, stdio: 'ignore' });
  let server: ChildProcess | undefined;

  const start = async () => {
    // A process group of its own: the script's Erlang is to be hit too.
    server = spawn(serverScript, [], { env, stdio: 'ignore', detached: true });
    const until = performance.now() + startTimeoutMs;
    while (!(await answers(port))) {
      if (performance.now() > until) throw new Error(`RabbitMQ on port ${port} does not start: see ${home}`);
      await systemClock.sleep(200);
    }
  };
  const kill = async () => {
    if (!server?.pid || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    process.kill(-server.pid, 'SIGKILL');
    await gone;
  };
  const end = async () => {
    await kill();
    epmd.kill('SIGKILL');
  };
  await start().catch(async (error: unknown) => {
    await end();
    throw error;
  });
  return {
    ...addressOf(port),
    tlsPort,
    start,
    kill,
    async control(...args) {
      return (await execute(join(dirname(serverScript), 'rabbitmqctl'), args, { env })).stdout;
    },
    async [Symbol.asyncDispose]() {
      await end();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Work with a connection that is closed afterwards. */
export async function withConnection<T>(
  url: string,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = connectionTo(url);
  try {
    await connection.onConnect(10_000);
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** The path of a file whose certificate is for 127.0.0.1, and its own authority. */
export function tlsFixture(name: 'cert.pem' | 'key.pem'): string {
  return fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));
}

/** Something else may have taken a port that was free: a web server's answer would end the process. */
function connectionTo(url: string): Connection {
  const connection = new Connection({ url });
  limitFrames(connection);
  connection.on('error', () => {});
  return connection;
}

function addressOf(port: number) {
  return { host: '127.0.0.1', port, url: `amqp://guest:guest@127.0.0.1:${port}/` };
}

async function answers(port: number): Promise<boolean> {
  const connection = connectionTo(addressOf(port).url);
  try {
    await connection.onConnect(2_000, true);
    await connection.close();
    return true;
  } catch {
    connection.unsafeDestroy();
    return false;
  }
}
