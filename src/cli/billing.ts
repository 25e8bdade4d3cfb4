import { describeStackBilling } from '../billing/explain-stack.ts';
import { describeUnread } from '../billing/read-clouds.ts';
import { describeUsage, isAllRecorded } from '../billing/usage/describe-usage.ts';
import { loadConfig } from '../config/load.ts';
import { ConfigError } from '../config/problems.ts';
import { printable } from '../runtime/printable.ts';
import { ServiceError } from '../runtime/severity.ts';
import { Service } from '../service.ts';
import { exitCodes } from './exit-codes.ts';
import { jsonText } from './json-text.ts';
import { onStandardError, withProgress } from './progress.ts';
import { stopSignal } from './stop-signal.ts';

export interface BillingOptions {
  readonly config?: string;
  readonly json?: boolean;
  /** For how long a service may be silent before its first answer, s. */
  readonly timeout: number;
}

/** `billing plan`: what usage would be recorded, and why. @returns 0 nothing is to be done; 2 something is; 1 a cloud was not read */
export async function billingPlan(options: BillingOptions): Promise<number> {
  const review = await ask(options, (service, signal) => service.planBilling(signal));
  if (!review) {
    throw new ConfigError([
      'No usage is recorded. Set billing.platform: killbill and billing.rating: cloudkitty; the catalogue of Keystone must have a CloudKitty with v2 of its API.',
    ]);
  }
  const { days, steps, unbilled, unread } = review;
  if (options.json) print({ days, steps, unbilled, ...(unread && { unread }) });
  else print([...describeUnread(unread), describeUsage(review)].join('\n'));
  if (unread) return exitCodes.failure;
  return isAllRecorded(review) ? exitCodes.success : exitCodes.difference;
}

/** `billing explain`: where the figures of a stack come from. @returns 0 explained; 1 there is no such stack, or a cloud was not read */
export async function billingExplain(stack: string, options: BillingOptions): Promise<number> {
  const found = await ask(options, (service, signal) => service.explainBilling(stack, signal));
  if (!found) {
    throw new ServiceError(`No order names a stack ${stack}, and none of this id was ever seen.`, {
      severity: 'terminal',
      hint: 'Give its id in Heat. What was seen is in data_dir: use the configuration of the running service, on its machine.',
    });
  }
  print(options.json ? found : describeStackBilling(found));
  return found.unread ? exitCodes.failure : exitCodes.success;
}

async function ask<T>(
  { config: file, timeout }: BillingOptions,
  question: (service: Service, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const config = loadConfig({ file });
  await using service = new Service({ config: { ...config, logLevel: 'critical' }, components: [] });
  using stop = stopSignal();
  return await withProgress(
    (signal) => question(service, signal),
    onStandardError(service, timeout, stop.signal),
  );
}

function print(what: unknown): void {
  console.log(typeof what === 'string' ? printable(what) : jsonText(what));
}
