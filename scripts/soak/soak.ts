/**
 * `npm run soak -- --minutes N`, or `--hours N`, `--storm`, and `--portal RELEASE`: four components, each a process of its own, on a cloud of 2,000 servers in which something
 * happens every second, with a RabbitMQ. What they hold is sampled; it must not grow, and no cycle be missed. In a storm there is a fault
 * every three minutes, and cycles count while it is calm. Writes docs/soak.md and docs/soak.svg.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parse, stringify } from 'yaml';
import { queueNames } from '../../src/amqp/queues.ts';
import { type ComponentName, componentNames } from '../../src/components.ts';
import { startPrivateBroker, withConnection } from '../../test/support/rabbitmq.ts';
import { root } from '../command.ts';
import { plot } from './plot.ts';
import { sampleProcess } from './process-sample.ts';
import { type Cycles, renderSoak } from './render-soak.ts';
import { figureIn } from './scrape.ts';
import { Storm } from './storm.ts';
import type { Series } from './trend.ts';

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
const everyMs = 5_000;
const faultEveryMs = 3 * 60_000;
const cycleMs = 15_000;
const size = { projects: 20, stacks: 100, servers: 20 };
const bin = join(root, 'bin/concertim-openstack-service');
const firstPort = 39_100;

const children: ChildProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), 'soak-'));

function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
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

/** Resolves with the first match in what a process prints; the rest is let go. */
async function printed(child: ChildProcess, wanted: RegExp): Promise<RegExpExecArray> {
  let text = '';
  for (;;) {
    const [part] = (await once(child.stdout ?? child, 'data')) as [Buffer];
    text += String(part);
    const found = wanted.exec(text);
    if (!found) continue;
    child.stdout?.resume();
    return found;
  }
}

async function scrape(component: ComponentName): Promise<string> {
  const port = firstPort + componentNames.indexOf(component);
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  return answer.text();
}

async function soak(): Promise<boolean> {
  await using broker = await startPrivateBroker();
  const counts = [
    '--projects',
    String(size.projects),
    '--stacks',
    String(size.stacks),
    '--servers',
    String(size.servers),
  ];
  const sandbox = start('sandbox', '--rmq', broker.url, ...counts, '--step', '1', '--portal', options.portal);
  const shown = await printed(sandbox, /control {2}(?<control>\S+)[^]*config {3}(?<config>\S+)/);
  const { control = '', config = '' } = shown.groups ?? {};
  const storm = options.storm ? new Storm(control) : undefined;
  const isCalm = () => storm?.isCalm ?? true;
  const given = parse(readFileSync(config, 'utf8')) as Record<string, unknown>;
  const file = join(folder, 'config.yaml');
  mkdirSync(join(folder, 'data'));
  const ours = {
    data_dir: join(folder, 'data'),
    observability: { port: firstPort },
    updates: { interval: 150 },
  };
  writeFileSync(file, stringify({ ...given, ...ours }), { mode: 0o600 });
  const complaints = new Map<string, number>();
  const processes = new Map(
    componentNames.map((name) => {
      const child = start('run', name, '--config', file);
      if (name === 'metrics') note(child, complaints, isCalm);
      else child.stdout?.resume();
      return [name, child.pid ?? 0];
    }),
  );
  await until(async () => (figureIn(await scrape('metrics'), 'metrics_instances') ?? 0) > 1_000);

  // The first cycle has everything to get to know; and the burst of a beginning is none of a soak's.
  complaints.clear();
  const samples: Sample[] = [];
  const startedAt = performance.now();
  const over = new AbortController();
  const raging = storm?.rage(faultEveryMs, over.signal);
  const cycles = { complete: 0, partial: 0, failed: 0 };
  let before = cyclesIn(await scrape('metrics'));
  let calmMs = 0;
  let sampledAt = startedAt;
  let spells = 1;
  let wasCalm = true;
  while (performance.now() - startedAt < minutes * 60_000) {
    await delay(everyMs);
    const listening = await scrape('updates_mq');
    const queue = queueNames('sandbox').notifications;
    const { messageCount } = await withConnection(broker.url, (connection) =>
      connection.queueDeclare({ queue, passive: true }),
    );
    const now = cyclesIn(await scrape('metrics'));
    if (isCalm() && wasCalm) {
      calmMs += performance.now() - sampledAt;
      for (const outcome of ['complete', 'partial', 'failed'] as const)
        cycles[outcome] += now[outcome] - before[outcome];
    }
    if (isCalm() && !wasCalm) spells++;
    wasCalm = isCalm();
    sampledAt = performance.now();
    before = now;
    samples.push({
      processes: new Map([...processes].map(([name, pid]) => [name, sampleProcess(pid)])),
      queued: messageCount,
      lagSum: figureIn(listening, 'notification_lag_seconds_sum') ?? 0,
      lagCount: figureIn(listening, 'notification_lag_seconds_count') ?? 0,
    });
  }
  over.abort();
  await raging;
  // Each calm spell may begin and end within a cycle.
  const expected = Math.max(0, Math.floor(calmMs / cycleMs) - spells);
  const panels = panelsOf(samples);
  const report = {
    minutes,
    servers: size.stacks * size.servers,
    panels,
    cycles,
    expected,
    notifications: samples.at(-1)?.lagCount ?? 0,
    complaints,
    portal: options.portal,
    faults: storm?.faults ?? 0,
  };
  const { text, problems } = renderSoak(report);
  writeFileSync(join(root, 'docs/soak.svg'), plot(panels, minutes));
  writeFileSync(join(root, 'docs/soak.md'), text);
  console.log(text);
  for (const problem of problems) console.log(`✗ ${problem}`);
  console.log(problems.length === 0 ? 'soak: PASSED' : 'soak: FAILED');
  return problems.length === 0;
}

interface Sample {
  readonly processes: ReadonlyMap<ComponentName, ReturnType<typeof sampleProcess>>;
  readonly queued: number;
  /** Since the start, seconds and notifications. */
  readonly lagSum: number;
  readonly lagCount: number;
}

function panelsOf(samples: readonly Sample[]) {
  const ofProcesses = (
    title: string,
    unit: string,
    key: 'rssMiB' | 'descriptors' | 'sockets',
    tolerance: number,
  ) => ({
    title,
    series: componentNames.map(
      (name): Series => ({
        name,
        unit,
        tolerance,
        values: samples.map(({ processes }) => processes.get(name)?.[key] ?? 0),
      }),
    ),
  });
  const lags = samples.map(({ lagSum, lagCount }, at) => {
    const before = samples[at - 1] ?? { lagSum: 0, lagCount: 0 };
    const count = lagCount - before.lagCount;
    return count === 0 ? 0 : ((lagSum - before.lagSum) / count) * 1_000;
  });
  return [
    ofProcesses('Memory (RSS)', 'MiB', 'rssMiB', 24),
    ofProcesses('File descriptors', '', 'descriptors', 4),
    ofProcesses('Sockets', '', 'sockets', 4),
    {
      title: 'Queue of notifications',
      series: [{ name: 'messages', unit: '', tolerance: 5, values: samples.map(({ queued }) => queued) }],
    },
    { title: 'Lag of notifications', series: [{ name: 'mean', unit: 'ms', tolerance: 250, values: lags }] },
  ];
}

/** So far, by outcome. */
function cyclesIn(text: string): Cycles {
  const ended = (outcome: string) => figureIn(text, `metrics_cycles_total{outcome="${outcome}"}`) ?? 0;
  return { complete: ended('complete'), partial: ended('partial'), failed: ended('failed') };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 240_000;
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > end) throw new Error('the beginning took too long');
    await delay(1_000);
  }
}

try {
  process.exitCode = (await soak()) ? 0 : 1;
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
