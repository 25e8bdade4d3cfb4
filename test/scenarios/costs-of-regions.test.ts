/** What a user's resources in two regions of one Keystone cost together. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import { killBillLogin } from '../../src/sandbox/killbill/routes.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { Service } from '../../src/service.ts';
import { openOrder } from '../support/billed-scenario.ts';
import { HastyClock } from '../support/manual-clock.ts';

const hourMs = 3_600_000;

interface Endpoint {
  readonly region: string;
  readonly url: string;
}
interface Entry {
  readonly type: string;
  readonly endpoints: readonly Endpoint[];
}

/** The region south has another CloudKitty in the catalog than it has by itself: that of north, or none. */
async function startRegions(ratingOfSouth: 'its own' | 'that of north' | 'none') {
  const clock = new HastyClock();
  const sandbox = await startSandbox({
    clouds: ['north', 'south'],
    sharedKeystone: true,
    release: 'main',
    rating: 'v2',
    projects: 1,
    stacks: 1,
    servers: 2,
    pace: 0,
    clock,
  });
  const folder = mkdtempSync(join(tmpdir(), 'regions-'));
  const file = join(folder, 'config.yaml');
  const { password, apiKey: apikey, apiSecret: apisecret } = killBillLogin;
  writeFileSync(
    file,
    stringify({
      ...sandbox.configOfAll(),
      data_dir: join(folder, 'data'),
      billing: { platform: 'killbill' },
      killbill: { api_host: sandbox.services.killbill.url, password, apikey, apisecret },
    }),
  );
  const service = new Service({
    config: loadConfig({ file }),
    components: ['updates_bulk'],
    clock,
    random: seededRandom(1),
    log: createLogger({ level: 'critical', format: 'json' }),
  });
  onTestFinished(async () => {
    await service[Symbol.asyncDispose]();
    await sandbox.close();
    rmSync(folder, { recursive: true });
  });
  if (ratingOfSouth !== 'its own')
    sandbox.faults.add({
      service: 'keystone',
      path: /auth\/tokens/,
      kind: 'rewrite',
      rewrite: (body) => {
        const { token } = body as { token: { catalog: readonly Entry[] } };
        const catalog = token.catalog.map((entry) =>
          entry.type === 'rating' ? { ...entry, endpoints: changed(entry.endpoints, ratingOfSouth) } : entry,
        );
        return { token: { ...token, catalog } };
      },
    });
  openOrder(sandbox, 'concertim-launch');
  await clock.sleep(30 * hourMs);
  const signal = new AbortController().signal;
  for (let run = 0; run < 2; run++) await service.runOnce(signal);
  const [project = ''] = sandbox.population.accounts.map(({ project }) => project.id);
  const ratedIn = ({ cloud }: (typeof sandbox.clouds)[number]) =>
    [...cloud.rating.frames(0, clock.now())]
      .filter(({ projectId }) => projectId === project)
      .reduce((sum, { rate }) => sum + rate, 0);
  return {
    service,
    usages: sandbox.killBill.usages,
    shown: sandbox.portal.users.all().find(({ project_id }) => project_id === project)?.cost,
    rated: sandbox.clouds.map(ratedIn),
  };
}

function changed(endpoints: readonly Endpoint[], rating: 'that of north' | 'none'): Endpoint[] {
  const north = endpoints.find(({ region }) => region === 'north');
  return endpoints.flatMap((endpoint) => {
    if (endpoint.region === 'north' || !north) return [endpoint];
    return rating === 'none' ? [] : [{ ...endpoint, url: north.url }];
  });
}

test('the costs of regions are added', async () => {
  const { shown, rated } = await startRegions('its own');

  expect(rated.every((sum) => sum > 0)).toBe(true);
  expect(shown).toBeCloseTo((rated[0] ?? 0) + (rated[1] ?? 0), 2);
});

test('a CloudKitty that two regions share is counted once', async () => {
  const { service, usages, shown, rated } = await startRegions('that of north');
  const plan = await service.planBilling();

  expect(shown).toBeCloseTo(rated[0] ?? 0, 2);
  expect(usages).toHaveLength(1);
  expect(plan?.steps.map(({ day, step }) => [day, step])).toEqual([['2026-11-22', 'done']]);
});

test('a region without CloudKitty costs nothing, and hides nothing of what the other costs', async () => {
  const { shown, rated } = await startRegions('none');

  expect(shown).toBeCloseTo(rated[0] ?? 0, 2);
});
