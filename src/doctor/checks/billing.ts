import type { UsageUnits } from '../../billing/billing.ts';
import { KillBillClient } from '../../billing/killbill/client.ts';
import { KillBill } from '../../billing/killbill/killbill.ts';
import { dearestWholeUnit, unitOf } from '../../billing/usage/usage-of-day.ts';
import { hasRating, listRated } from '../../openstack/rating.ts';
import { monthOf } from '../../runtime/month.ts';
import { failure } from '../failure.ts';
import { error, type Finding, ok, warning } from '../finding.ts';
import type { Patient } from '../patient.ts';

const platformCheck = 'billing.platform';
const unitsCheck = 'billing.units';

/** Whether the billing platform that the configuration names serves us, and whose orders it has. */
export async function checkBillingPlatform(patient: Patient, signal: AbortSignal): Promise<Finding[]> {
  const { killBill, usageSince } = patient.config.billing;
  if (!killBill) return [];
  const { url, username, plan } = killBill;
  return withKillBill(patient, async (billing) => {
    let units: UsageUnits;
    let others: number;
    try {
      units = await billing.usage.units(signal);
      others = (await billing.orders(signal)).filter(({ isOurs }) => !isOurs).length;
    } catch (cause) {
      return [
        failure(platformCheck, cause, {
          why: 'Without KillBill nobody can sign up in the portal or launch a cluster.',
          repair: `Does KillBill run at ${url}, and is killbill.api_host right?`,
        }),
      ];
    }
    const findings = [
      units.prices.size > 0
        ? ok(platformCheck, `KillBill at ${url} accepts user ${username}, and has the plan ${plan}`)
        : error(platformCheck, {
            found: `The catalog of KillBill at ${url} has no plan ${plan} with usage`,
            why: 'Orders are subscriptions to it: none can be opened, and nothing is billed.',
            repair: `Upload a catalog with that plan, or set killbill.plan_name.`,
          }),
    ];
    if (others > 0 && usageSince === undefined) {
      findings.push(
        warning('billing.orders', {
          found: `Another service has opened ${others} of the open orders, and their usage is not recorded`,
          why: 'The service of 2024 records it in its own way: of the same days both would bill.',
          repair:
            'Stop its component billing, and set billing.usage_since to the first day of the next month.',
        }),
      );
    }
    return findings;
  });
}

/** Whether all that CloudKitty has rated this month can be billed. */
export async function checkUsageUnits(patient: Patient, signal: AbortSignal): Promise<Finding[]> {
  const { cloud, clock, config } = patient;
  if (!config.billing.killBill || config.billing.rating === 'none') return [];
  const why = 'What CloudKitty rates under it is billed to nobody.';
  if (!(await hasRating(cloud, signal))) {
    return [
      warning(unitsCheck, {
        found: 'The cloud has no CloudKitty, and billing.platform is killbill',
        why: 'Nothing is rated, so no usage is recorded.',
        repair: 'Install CloudKitty with its endpoint of type rating, or set billing.rating: none.',
      }),
    ];
  }
  const rated = await listRated(cloud, { ...monthOf(clock.now()), signal });
  if (!rated) {
    return [
      warning(unitsCheck, {
        found: 'This CloudKitty reports totals by project only',
        why: 'The cost of a stack is not known, so no usage is recorded.',
        repair: 'In cloudkitty.conf: [storage] version = 2. Or set billing.rating: none.',
      }),
    ];
  }
  const wanted = [...new Set(rated.map(({ type }) => unitOf(type)))].toSorted((a, b) => (a < b ? -1 : 1));
  return withKillBill(patient, async (billing) => {
    // Another finding says already that the platform is unavailable.
    const units = await billing.usage.units(signal).catch(() => undefined);
    if (!units || units.prices.size === 0) return [];
    const findings = wanted.flatMap((unit) => problemOf(unit, units, why));
    if (findings.length > 0) return findings;
    return [ok(unitsCheck, `The catalog has each of the ${wanted.length} units that were rated this month`)];
  });
}

function problemOf(unit: string, { prices, decimals }: UsageUnits, why: string): Finding[] {
  const price = prices.get(unit);
  if (!prices.has(unit)) {
    const found = `The plan in the catalog of KillBill has no unit ${unit}`;
    return [error(unitsCheck, { found, why, repair: `Add it to the catalog, with one tier of one block.` })];
  }
  if (price === undefined) {
    const found = `The catalog of KillBill has no single price of the unit ${unit}`;
    return [error(unitsCheck, { found, why, repair: 'Give it one tier, with one block and one price.' })];
  }
  if (decimals === 0 && price > dearestWholeUnit) {
    const found = `One ${unit} costs ${price}, and this KillBill cuts amounts to whole numbers`;
    return [
      error(unitsCheck, { found, why, repair: 'Give it the price 0.000001, or install KillBill 0.24.' }),
    ];
  }
  return [];
}

async function withKillBill<T>(
  { config, timeoutMs }: Patient,
  work: (billing: KillBill) => Promise<T[]>,
): Promise<T[]> {
  const { killBill } = config.billing;
  if (!killBill) return [];
  const retry = { tries: 1, baseMs: 0, maxMs: 0, longestRetryAfterMs: 0 };
  const client = new KillBillClient({ ...killBill, timeoutMs, retry });
  try {
    return await work(new KillBill(client, killBill.plan));
  } finally {
    await client.close();
  }
}
