import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { killBillLogin } from '../../src/sandbox/killbill/routes.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { type Observed, startObserved } from '../support/observed.ts';
import { prometheusProgram, startPrometheus, whyNoPrometheus } from '../support/prometheus.ts';

const path = (name: string) => fileURLToPath(new URL(`../../etc/${name}`, import.meta.url));
const rulesFile = path('prometheus/alerts.yaml');

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string }[];
  }[];
}
interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

const alerts = (parse(readFileSync(rulesFile, 'utf8')) as Rules).groups.flatMap(({ rules }) => rules);
const dashboard = JSON.parse(
  readFileSync(path('grafana/concertim-openstack-service.json'), 'utf8'),
) as Dashboard;
const panels = dashboard.panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }) => ({ where: `panel ${title}`, expr })),
);
const expressions = [...alerts.map(({ alert, expr }) => ({ where: `alert ${alert}`, expr })), ...panels];

/** Labels by the names of the series in a scrape; a metric that has its help but no series has none. */
function seriesIn(scrape: string): Map<string, Set<string>> {
  const series = new Map<string, Set<string>>();
  for (const line of scrape.split('\n')) {
    const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (!name) continue;
    const known = series.get(name) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
    series.set(name, known);
  }
  return series;
}

const metricsIn = (expr: string) => [...new Set(expr.match(/\bconcertim_openstack_\w+/g))];
const labelsIn = (expr: string) => [
  ...[...expr.matchAll(/\bby \(([\w, ]+)\)/g)].flatMap(([, names = '']) => names.split(', ')),
  ...[...expr.matchAll(/[{,]\s*(\w+)\s*[=!]/g)].map(([, name = '']) => name),
];

/** With KillBill there is usage, and credits by owner. */
function billingOf({ portal, killBill, services }: Sandbox): Record<string, unknown> {
  for (const { id, login, root } of portal.users.all()) {
    if (root) continue;
    const accountId = killBill.id();
    const account = {
      accountId,
      externalKey: login,
      name: login,
      email: null,
      currency: 'USD',
      closed: false,
    };
    killBill.accounts.set(accountId, account);
    portal.users.update(id, { billing_acct_id: accountId });
  }
  const { password, apiKey: apikey, apiSecret: apisecret } = killBillLogin;
  return {
    billing: { platform: 'killbill' },
    killbill: { api_host: services.killbill.url, password, apikey, apisecret },
  };
}

let sandbox: Sandbox;
let writer: Observed;
let listener: Observed;
/** Of several clouds there are series, and a label, that one does not have. */
let twoClouds: Sandbox;
let ofTwoClouds: Observed;
beforeAll(async () => {
  sandbox = await startSandbox({ projects: 1, stacks: 2, servers: 2, release: 'main', rating: 'v2' });
  // Something that failed, for what counts failures.
  sandbox.faults.add({
    service: 'concertim',
    method: 'POST',
    path: /racks$/,
    kind: 'answer',
    status: 422,
    times: 1,
  });
  writer = await startObserved(sandbox, ['updates_bulk', 'metrics', 'api'], billingOf(sandbox));
  listener = await startObserved(sandbox, ['updates_mq']);
  twoClouds = await startSandbox({ projects: 1, stacks: 1, servers: 1, clouds: ['north', 'south'] });
  ofTwoClouds = await startObserved(twoClouds, ['updates_bulk', 'updates_mq', 'metrics']);
  await writer.ask('/openapi.json');
  await writer.saw('concertim_openstack_metrics_figures_total{outcome="sent"}');
  await writer.saw('concertim_openstack_api_requests_total{');
  await writer.saw('\nconcertim_openstack_reconcile_last_complete_timestamp_seconds ');
  await writer.saw('\nconcertim_openstack_usage_last_complete_timestamp_seconds ');
  await writer.saw('\nconcertim_openstack_owner_unbilled{');
  await ofTwoClouds.saw('concertim_openstack_cloud_read{cloud="south"} 1');
  await ofTwoClouds.saw('concertim_openstack_metrics_delivered_ratio{cloud="south"}');
});
afterAll(async () => {
  await ofTwoClouds[Symbol.asyncDispose]();
  await twoClouds.close();
  await listener[Symbol.asyncDispose]();
  await writer[Symbol.asyncDispose]();
  await sandbox.close();
});

test('every metric and label in alerts and dashboard is in a scrape', async () => {
  const scrapes = [
    await writer.saw('_total'),
    await listener.saw('concertim_openstack_notifications_listening 0'),
    await ofTwoClouds.saw('concertim_openstack_notifications_listening{cloud="south"} 0'),
  ];

  const series = seriesIn(scrapes.join('\n'));

  for (const { where, expr } of expressions) {
    const names = metricsIn(expr);
    expect(names, where).not.toEqual([]);
    for (const name of names) {
      expect([...series.keys()], where).toContain(name);
      for (const label of labelsIn(expr))
        expect([...(series.get(name) ?? [])], `${where}: ${name}`).toContain(label);
    }
  }
});

const whyNo = whyNoPrometheus();
const named = (name: string) => (whyNo ? `${name} (skipped: ${whyNo})` : name);

test.skipIf(whyNo)(named('a Prometheus that scrapes the service has something for every panel'), async () => {
  const targets = [...writer.urls, ...listener.urls, ...ofTwoClouds.urls].map((url) => new URL(url).host);
  await using prometheus = await startPrometheus({ targets, rules: [rulesFile] });

  const withoutAny = async () => {
    const given = await Promise.all(panels.map(({ expr }) => prometheus.query(expr)));
    return panels.filter((_, index) => given[index]?.length === 0);
  };

  // A rate is there from the second scrape on.
  await expect.poll(withoutAny, { timeout: 15_000, interval: 200 }).toEqual([]);
  expect(await prometheus.query('up == 0')).toEqual([]);
});

/** How series go on from minute to minute (`1x10`: 1, and ten times more), and when the alert is to be heard. */
interface Course {
  readonly series: Readonly<Record<string, string>>;
  readonly quiet: readonly string[];
  readonly firing: readonly string[];
}

const courses: Readonly<Record<string, Course>> = {
  ConcertimNotInStep: {
    series: { reconcile_last_complete_timestamp_seconds: '0+60x20 1200x40 3600+60x20' },
    quiet: ['20m', '37m', '65m'],
    firing: ['45m'],
  },
  ConcertimCloudNotRead: {
    series: { 'cloud_read{cloud="north"}': '1x50', 'cloud_read{cloud="south"}': '1x10 0x30 1x10' },
    quiet: ['10m', '15m', '45m'],
    firing: ['25m'],
  },
  ConcertimComponentNotReady: {
    series: {
      'component_ready{component="metrics"}': '1x10 0x30 1x10',
      'component_ready{component="api"}': '1x50',
    },
    quiet: ['10m', '15m', '45m'],
    firing: ['25m'],
  },
  ConcertimComponentGone: {
    series: {
      'component_ready{component="metrics"}': '1x60 _x60 1x10',
      'component_ready{component="api"}': '1x130',
    },
    quiet: ['60m', '67m', '130m'],
    firing: ['75m', '110m'],
  },
  ConcertimNoWriter: {
    series: { 'writer{instance="one"}': '1x10 0x60', 'writer{instance="other"}': '0x20 1x50' },
    quiet: ['10m', '13m', '30m'],
    firing: ['18m'],
  },
  ConcertimPaused: {
    series: { 'paused{instance="one"}': '0x10 1x100 0x20', 'paused{instance="other"}': '0x130' },
    quiet: ['10m', '69m', '112m'],
    firing: ['72m', '110m'],
  },
  ConcertimDeletionsRefused: {
    series: { reconcile_deletions_refused: '0x10 1x10 0x10' },
    quiet: ['10m', '25m'],
    firing: ['15m'],
  },
  ConcertimProjectUnreadable: {
    series: { reconcile_projects_unreadable: '0x10 1x30 0x10' },
    quiet: ['10m', '15m', '45m'],
    firing: ['25m'],
  },
  ConcertimNotificationsLost: {
    series: { reconcile_drift_total: '0x60 20x120' },
    quiet: ['60m', '150m'],
    firing: ['70m'],
  },
  ConcertimNotListening: {
    series: { notifications_listening: '1x10 0x30 1x10' },
    quiet: ['10m', '15m', '45m'],
    firing: ['25m'],
  },
  ConcertimNotificationsLate: {
    series: {
      'notification_lag_seconds_bucket{le="60"}': '0+10x20 200x40',
      'notification_lag_seconds_bucket{le="300"}': '0+10x60',
      'notification_lag_seconds_bucket{le="+Inf"}': '0+10x60',
    },
    quiet: ['20m', '25m'],
    firing: ['45m'],
  },
  ConcertimRequestsFail: {
    series: {
      'requests_total{service="Nova",status="200"}': '0+10x20 200x40',
      'requests_total{service="Nova",status="503"}': '0x20 0+10x40',
      'requests_total{service="Heat",status="200"}': '0+10x60',
      'requests_total{service="Heat",status="ECONNRESET"}': '0+1x60',
    },
    quiet: ['20m', '25m'],
    firing: ['45m'],
  },
  ConcertimCreditsLow: {
    series: {
      'owner_credits{owner="physics"}': '25x20 24x40 30x10',
      'owner_cost{owner="physics"}': '1x70',
      'owner_credits{owner="nobody yet"}': '0x70',
      'owner_cost{owner="nobody yet"}': '0x70',
    },
    quiet: ['20m', '28m', '65m'],
    firing: ['35m'],
  },
  ConcertimUsageNotRecorded: {
    series: { usage_last_complete_timestamp_seconds: '0+60x60 3600x1600' },
    quiet: ['60m', '1500m'],
    firing: ['1570m'],
  },
  ConcertimUsageOver: { series: { usage_over: '0x10 1x10 0x10' }, quiet: ['10m', '25m'], firing: ['15m'] },
  ConcertimUsageUnbilled: {
    series: {
      'owner_unbilled{owner="physics"}': '10x20 10.5x80 0x10',
      'owner_unbilled{owner="other"}': '9x110',
    },
    quiet: ['20m', '75m', '105m'],
    firing: ['90m'],
  },
  ConcertimFiguresMissing: {
    series: { metrics_delivered_ratio: '1x20 0.89x20 0.9x20' },
    quiet: ['20m', '28m', '50m'],
    firing: ['35m'],
  },
};

test('every alert has a course of things by which it is tried', () => {
  expect(Object.keys(courses).sort()).toEqual(alerts.map(({ alert }) => alert).sort());
});

test.skipIf(whyNo).each(Object.entries(courses))(
  named('%s is heard when things go wrong, and neither before nor after'),
  (alert, { series, quiet, firing }) => {
    const folder = mkdtempSync(join(tmpdir(), 'alerts-'));
    const file = join(folder, 'course.yaml');
    const heard = (at: string, times: number) => ({
      expr: `count(ALERTS{alertname="${alert}",alertstate="firing"})`,
      eval_time: at,
      exp_samples: times ? [{ labels: '{}', value: times }] : [],
    });
    const input = Object.entries(series).map(([name, values]) => ({
      series: `concertim_openstack_${name}`,
      values,
    }));
    writeFileSync(
      file,
      stringify({
        rule_files: [rulesFile],
        tests: [
          {
            interval: '1m',
            input_series: input,
            promql_expr_test: [...quiet.map((at) => heard(at, 0)), ...firing.map((at) => heard(at, 1))],
          },
        ],
      }),
    );

    const tried = spawnSync(prometheusProgram('promtool'), ['test', 'rules', file], { encoding: 'utf8' });

    rmSync(folder, { recursive: true });
    expect(tried.stdout + tried.stderr).toContain('SUCCESS');
    expect(tried.status).toBe(0);
  },
);
