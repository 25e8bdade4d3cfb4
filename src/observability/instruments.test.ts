import { expect, test } from 'vitest';
import { type CountedRun, Instruments, type LiveState } from './instruments.ts';

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
  isListening: () => true,
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
