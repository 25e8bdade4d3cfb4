import { expect, test } from 'vitest';
import { type CountedCycle, type CountedRun, Instruments, type LiveState } from './instruments.ts';

const state: LiveState = {
  healths: () => [
    {
      component: 'updates_bulk',
      ready: true,
      alive: true,
      continuous: false,
      starting: false,
      failing: false,
      lastSuccessAt: 1_000,
      status: 'works',
    },
  ],
  backlog: () => 0,
  isWriting: () => true,
  paused: () => ({ since: 0, reason: undefined }),
  hearing: () => [{ cloud: undefined, isListening: true }],
  clouds: () => [],
};

const run: CountedRun = {
  scope: 'full',
  startedAt: 5_000,
  ms: { observe: 10, plan: 1, apply: 5 },
  changes: { 'create-rack': 1 },
  failures: [],
  skipped: [],
  held: [],
  warnings: [],
  unobserved: [],
  drift: [],
  seen: { servers: 3 },
  clouds: [],
};

interface Family {
  readonly name: string;
  readonly kind: string;
  /** Each with its labels, as they stand there. */
  readonly samples: readonly string[];
}

/** Our own, as they stand in a scrape: help, type and samples together. */
function familiesIn(text: string): Family[] {
  return text
    .split(/\n(?=# HELP )/)
    .map((part) => {
      const [help = '', type = '', ...samples] = part.trim().split('\n');
      const [, name = ''] = /^# HELP (\w+) \S.*\.$/.exec(help) ?? [];
      const [, kind = ''] = new RegExp(`^# TYPE ${name} (\\w+)$`).exec(type) ?? [];
      return { name, kind, samples };
    })
    .filter(({ name }) => !/^concertim_openstack_(process|nodejs)_/.test(name));
}

test('each metric has its help, its type, and a name that says its unit and kind', async () => {
  const instruments = new Instruments();
  instruments.watch(state);
  instruments.reconciled(run);
  instruments.notified('references', 20);
  instruments.exchanged({ service: 'Nova', method: 'GET', route: '/a"b\\c', outcome: 200, ms: 5 });

  const { text } = await instruments.scrape();
  const families = familiesIn(text);

  expect(families.length).toBeGreaterThan(20);
  for (const { name, kind, samples } of families) {
    expect(['counter', 'gauge', 'histogram'], name).toContain(kind);
    expect(name.endsWith('_total'), name).toBe(kind === 'counter');
    if (/duration|lag/.test(name)) expect(name).toMatch(/_seconds$/);
    if (/timestamp/.test(name)) expect(name).toMatch(/_timestamp_seconds$/);
    const suffix = kind === 'histogram' ? '_(bucket|sum|count)' : '';
    const sample = new RegExp(
      `^${name}${suffix}(\\{\\w+="([^"\\\\\n]|\\\\.)*"(,\\w+="([^"\\\\\n]|\\\\.)*")*\\})? [-+.\\de]+$`,
    );
    for (const each of samples) expect(each).toMatch(sample);
    if (samples.length > 0 && kind === 'histogram') expect(samples.join()).toContain('le="+Inf"');
  }
});

test('a process that stands by says nothing of the runs that it made when it wrote', async () => {
  let isWriting = true;
  const instruments = new Instruments();
  instruments.watch({ ...state, isWriting: () => isWriting });
  instruments.reconciled({ ...run, warnings: ['racks'] });
  const ofRuns = /^concertim_openstack_(reconcile_(last|held|deletions|projects)|objects).* /m;

  const writing = await instruments.scrape();
  isWriting = false;
  const standingBy = await instruments.scrape();

  expect(writing.text).toContain('\nconcertim_openstack_reconcile_deletions_refused 1\n');
  expect(writing.text).toMatch(ofRuns);
  expect(standingBy.text).not.toMatch(ofRuns);
  expect(standingBy.text).toContain('\nconcertim_openstack_writer 0\n');
});

const cycle: CountedCycle = {
  ms: { read: 5 },
  instances: 2,
  kept: 0,
  unknown: new Map([['late', { figures: 1 }]]),
  due: 4,
  delivered: 3,
  ages: { medianMs: 1_000, oldestMs: 2_000 },
  delivery: { sent: 3, unknownDevices: 0, refused: [], left: 0 },
  failures: [],
};
const nova = { service: 'Nova', method: 'GET', route: '/servers', outcome: 200, ms: 5 };

test('of one cloud no series has a label of a cloud', async () => {
  const instruments = new Instruments();
  instruments.watch(state);
  instruments.reconciled(run);
  instruments.exchanged(nova);
  instruments.notified('references', 20);
  instruments.cycled(cycle);
  instruments.notCycled();

  const { text } = await instruments.scrape();

  expect(text).not.toContain('cloud="');
  expect(text).toContain('\nconcertim_openstack_objects{kind="servers"} 3\n');
  expect(text).toContain('\nconcertim_openstack_notifications_listening 1\n');
});

test('of several clouds each has series of its own, and one that was not read has no figures', async () => {
  const instruments = new Instruments(['north', 'south']);
  const hearing = () => [
    { cloud: 'north', isListening: true },
    { cloud: 'south', isListening: false },
  ];
  instruments.watch({ ...state, hearing });
  const north = {
    name: 'north',
    away: undefined,
    seen: { servers: 3 },
    held: 2,
    refused: 1,
    unobserved: 0,
  };
  const south = { ...north, name: 'south', seen: { servers: 7 } };
  const away = { name: 'south', away: {}, seen: undefined, held: 0, refused: 0, unobserved: 0 };
  instruments.reconciled({ ...run, seen: { servers: 10, racks: 4 }, clouds: [north, south] });
  instruments.reconciled({ ...run, seen: { servers: 3, racks: 4 }, clouds: [north, away] });
  instruments.exchanged({ ...nova, cloud: 'south' });
  instruments.notified('references', 20, 'south');
  const clouds = [
    { cloud: 'north', report: cycle },
    { cloud: 'south', report: { ...cycle, delivered: 0 } },
  ];
  instruments.cycled({ ...cycle, clouds });

  const lines = (await instruments.scrape()).text.replaceAll('concertim_openstack_', '').split('\n');

  for (const line of [
    'cloud_read{cloud="north"} 1',
    'cloud_read{cloud="south"} 0',
    'objects{kind="servers",cloud="north"} 3',
    'objects{kind="racks"} 4',
    'reconcile_held{cloud="north"} 2',
    'reconcile_deletions_refused{cloud="north"} 1',
    'requests_total{service="Nova",method="GET",route="/servers",status="200",cloud="south"} 1',
    'notifications_total{outcome="references",cloud="south"} 1',
    'notifications_total{outcome="references",cloud="north"} 0',
    'notifications_listening{cloud="south"} 0',
    'metrics_delivered_ratio{cloud="north"} 0.75',
    'metrics_delivered_ratio{cloud="south"} 0',
    'metrics_unknown_figures{reason="late",cloud="south"} 1',
  ])
    expect(lines).toContain(line);
  expect(lines.join('\n')).not.toMatch(/^objects\{kind="servers"(,cloud="south")?\}/m);
});
