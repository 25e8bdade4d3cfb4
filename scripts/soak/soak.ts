/**
 * `npm run soak -- --minutes N`, or `--hours N`, `--storm`, and `--portal RELEASE[,RELEASE…]`: four components, each a process of its own, on a
 * cloud of 2,000 servers in which something happens every second, with a RabbitMQ. What they hold is sampled; it must not grow, and no
 * cycle be missed. In a storm there is a fault every three minutes, and cycles count while it is calm. Several releases take turns, three
 * times round, under the same processes: what a release takes must be the same the last time as before. Writes docs/soak.md and
 * docs/soak.svg; where it fails, it keeps the components' logs.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { queueNames } from '../../src/amqp/queues.ts';
import { StoppedError, stopSignal } from '../../src/cli/stop-signal.ts';
import { type ComponentName, componentNames } from '../../src/components.ts';
import { type Release, releases } from '../../src/concertim/profile.ts';
import { startPrivateBroker, withConnection } from '../../test/support/rabbitmq.ts';
import { root } from '../command.ts';
import { serviceEnv } from '../service-env.ts';
import { panelsOf, type Sample } from './panels.ts';
import { plot } from './plot.ts';
import { sampleProcess } from './process-sample.ts';
import { renderSoak } from './render-soak.ts';
import { rolesIn } from './roles.ts';
import { cyclesIn, figureIn, fullRunsIn, heapMiBIn } from './scrape.ts';
import { Storm } from './storm.ts';
import { rounds } from './trend.ts';
import type { WorldOptions, WorldPlaces } from './world-process.ts';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    hours: { type: 'string' },
    storm: { type: 'boolean', default: false },
    portal: { type: 'string', default: 'main' },
  },
});
const minutes = options.hours === undefined ? Number(options.minutes) : Number(options.hours) * 60;
if (!(minutes > 0)) throw new Error('--minutes or --hours: a number above 0 is expected');
const turns = turnsOf(options.portal);
const everyMs = 5_000;
const faultEveryMs = 3 * 60_000;
const cycleMs = 15_000;
const size = { projects: 20, stacks: 100, servers: 20 };
const bin = join(root, 'bin/concertim-openstack-service');
/** Below the ephemeral ports: the system may give one of those to a client at any time. */
const firstPort = 19_100;

using stop = stopSignal();
const children: ChildProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), 'soak-'));

/** The releases in the order in which they are shown: one, or each of several in each round. */
function turnsOf(list: string): Release[] {
  const named = list.split(',');
  const known = named.filter((name) => (releases as readonly string[]).includes(name)) as Release[];
  if (known.length < named.length)
    throw new Error(`--portal: expected releases out of ${releases.join(', ')}`);
  return known.length === 1 ? known : Array.from({ length: rounds }, () => known).flat();
}

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

/** Counts what a component says at level warn and above, by its words. */
function note(child: ChildProcess, complaints: Map<string, number>, isCalm: () => boolean): void {
  if (!child.stdout) return;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { level, msg, why } = JSON.parse(line) as { level: string; msg: string; why?: string };
    if (level === 'info' || !isCalm()) return;
    const complaint = why === undefined ? msg : `${msg}: ${why}`;
    complaints.set(complaint, (complaints.get(complaint) ?? 0) + 1);
  });
}

/** The first line that a process prints; the rest is let go. */
async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('nothing is read of the process');
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line', { signal: stop.signal })) as [string];
  lines.on('line', () => {});
  return line;
}

/** A cloud and a portal of one release, at the ports of the one before. */
class World {
  readonly #rmqUrl: string;
  #child: ChildProcess | undefined;
  #places: WorldPlaces | undefined;

  constructor(rmqUrl: string) {
    this.#rmqUrl = rmqUrl;
  }

  async become(release: Release): Promise<WorldPlaces> {
    if (this.#child) {
      this.#child.kill('SIGKILL');
      await once(this.#child, 'exit');
    }
    const ports = this.#places?.ports;
    const world: WorldOptions = { ...size, release, rmqUrl: this.#rmqUrl, ...(ports && { ports }) };
    this.#child = start([join(import.meta.dirname, 'world-process.ts'), JSON.stringify(world)]);
    return (this.#places = JSON.parse(await firstLine(this.#child)) as WorldPlaces);
  }
}

async function scrape(component: ComponentName): Promise<string> {
  const port = firstPort + componentNames.indexOf(component);
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  return answer.text();
}

async function scrapeAll(): Promise<Readonly<Record<ComponentName, string>>> {
  const texts = await Promise.all(
    componentNames.map(async (component) => [component, await scrape(component)] as const),
  );
  return Object.fromEntries(texts) as Record<ComponentName, string>;
}

async function soak(): Promise<boolean> {
  await using broker = await startPrivateBroker();
  const world = new World(broker.url);
  const { config, controlUrl } = await world.become(turns[0] as Release);
  const storm = new Storm(controlUrl);
  const file = join(folder, 'config.yaml');
  mkdirSync(join(folder, 'data'));
  const { hostname, port, username, password } = new URL(broker.url);
  const ours = {
    rmq: {
      rmq_address: hostname,
      rmq_port: Number(port),
      rmq_username: username || 'guest',
      rmq_password: password || 'guest',
      rmq_path: '/',
      deployment: 'soak',
    },
    data_dir: join(folder, 'data'),
    api: { jwt: 'if-present', jwt_secret: 'nobody-calls-the-api-in-a-soak-run', port: firstPort - 1 },
    observability: { port: firstPort },
    updates: { interval: 150 },
  };
  writeFileSync(file, stringify({ ...config, ...ours }), { mode: 0o600 });
  const complaints = new Map<string, number>();
  const pids = new Map<ComponentName, number>();
  for (const name of componentNames) {
    // A list of devices that is read while the machine is busy filling the portal counts as costly, and is read seldom.
    if (name === 'metrics') await until(hasBeenFilled);
    const child = start([bin, 'run', name, '--config', file], serviceEnv);
    child.stdout?.pipe(createWriteStream(join(folder, `${name}.log`)));
    if (name === 'metrics') note(child, complaints, () => storm.isCalm);
    pids.set(name, child.pid ?? 0);
  }
  await until(async () => (figureIn(await scrape('metrics'), 'metrics_instances') ?? 0) > 1_000);

  // The first cycle has everything to get to know; and the burst of a beginning is none of a soak's.
  complaints.clear();
  const samples: Sample[] = [];
  const startedAt = performance.now();
  const over = new AbortController();
  const raging = options.storm
    ? storm.rage(faultEveryMs, AbortSignal.any([over.signal, stop.signal]))
    : undefined;
  const cycles = { complete: 0, partial: 0, failed: 0 };
  let before = cyclesIn(await scrape('metrics'));
  let calmMs = 0;
  let sampledAt = startedAt;
  let spells = 1;
  let wasCalm = true;
  let turn = 0;
  let roles = rolesIn(await scrapeAll());
  for (;;) {
    const share = (performance.now() - startedAt) / (minutes * 60_000);
    if (share >= 1) break;
    const due = Math.floor(share * turns.length);
    if (due > turn) {
      turn = due;
      storm.disturb(replacementMs);
      await world.become(turns[turn] as Release);
    }
    await delay(everyMs, undefined, { signal: stop.signal });
    const scrapes = await scrapeAll();
    roles = rolesIn(scrapes, roles);
    const runs = fullRunsIn(Object.values(scrapes));
    const queue = queueNames('soak').notifications;
    const { messageCount } = await withConnection(broker.url, (connection) =>
      connection.queueDeclare({ queue, passive: true }),
    );
    const now = cyclesIn(scrapes.metrics);
    const { isCalm } = storm;
    if (isCalm && wasCalm) {
      calmMs += performance.now() - sampledAt;
      for (const outcome of ['complete', 'partial', 'failed'] as const)
        cycles[outcome] += now[outcome] - before[outcome];
    }
    if (isCalm && !wasCalm) spells++;
    wasCalm = isCalm;
    sampledAt = performance.now();
    before = now;
    samples.push({
      turn,
      processes: new Map(
        componentNames.map((name) => [
          roles[name],
          { ...sampleProcess(pids.get(name) ?? 0), heapMiB: heapMiBIn(scrapes[name]) },
        ]),
      ),
      queued: messageCount,
      lagSum: figureIn(scrapes.updates_mq, 'notification_lag_seconds_sum') ?? 0,
      lagCount: figureIn(scrapes.updates_mq, 'notification_lag_seconds_count') ?? 0,
      runSum: runs.seconds,
      runCount: runs.count,
    });
  }
  over.abort();
  await raging;
  // Each calm spell may begin and end within a cycle.
  const expected = Math.max(0, Math.floor(calmMs / cycleMs) - spells);
  const panels = panelsOf(samples);
  const { text, problems } = renderSoak({
    minutes,
    servers: size.stacks * size.servers,
    panels,
    cycles,
    expected,
    notifications: samples.at(-1)?.lagCount ?? 0,
    runs: samples.at(-1)?.runCount ?? 0,
    complaints,
    portals: [...new Set(turns)],
    faults: storm.faults,
  });
  writeFileSync(join(root, 'docs/soak.svg'), plot(panels, minutes));
  writeFileSync(join(root, 'docs/soak.md'), text);
  console.log(text);
  for (const problem of problems) console.log(`✗ ${problem}`);
  console.log(problems.length === 0 ? 'soak: PASSED' : 'soak: FAILED');
  return problems.length === 0;
}

/** A new portal is empty: until 2,000 devices are made and measured, cycles say nothing. */
const replacementMs = 150_000;

/** Whether the first full run has ended; of the components only those that may write are started by then. */
async function hasBeenFilled(): Promise<boolean> {
  return fullRunsIn(await Promise.all([scrape('updates_bulk'), scrape('updates_mq')])).count > 0;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 600_000;
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > end) throw new Error('the beginning took too long');
    await delay(1_000, undefined, { signal: stop.signal });
  }
}

try {
  process.exitCode = (await soak()) ? 0 : 1;
} catch (error) {
  if (!(stop.signal.reason instanceof StoppedError)) throw error;
  console.log(`soak: ${stop.signal.reason.message}; nothing was written`);
  process.exitCode = stop.signal.reason.exitCode;
} finally {
  for (const child of children) child.kill('SIGKILL');
  if (process.exitCode === 1) console.log(`The components' logs are in ${folder}.`);
  else rmSync(folder, { recursive: true, force: true });
}
