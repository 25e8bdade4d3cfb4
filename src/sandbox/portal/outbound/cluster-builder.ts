import { type Companion, CompanionError } from './companion.ts';

/** A release of the cluster builder that asks its companion before a launch. */
export type ClusterBuilderRelease = '1.0.0' | '1.1.0' | '1.2.0';

/** What it has to show of a launch. */
export type LaunchAnswer =
  | { readonly ok: true; readonly stackId: string }
  | { readonly ok: false; readonly message: string };

export interface Launch {
  readonly release: ClusterBuilderRelease;
  readonly accountId: string;
  /** Has Heat make the cluster's stack. */
  readonly makeStack: () => Promise<{ readonly id: string; readonly name: string }>;
}

/** Statuses that it takes for a success. */
const accepted = [200, 201, 204];
/** Statuses after which it sends the request once more, at once. */
const askedAgain = [401, 403, 405, 407, 408];

/**
 * What the cluster builder asks around the making of a stack:
 *
 * ```
 *  1.0.0  credits ─────────► stack ─► order ─► tag (id)            with DUMMYTOKEN instead of a token
 *  1.1.0  credits ─► order ─► stack ─────────► tag (id)            a stack that cannot be made: order deleted
 *  1.2.0  credits ─► order ─► stack ─────────► tags (id, name)     the same
 * ```
 */
export async function launchCluster(companion: Companion, launch: Launch): Promise<LaunchAnswer> {
  const { release, accountId, makeStack } = launch;
  const isFirst = release === '1.0.0';
  const ask = async (path: string, body: unknown) => {
    const call = { method: 'POST' as const, path, body, ...(isFirst && { authorization: 'DUMMYTOKEN' }) };
    const again = (error: unknown) => {
      const isAskedAgain = error instanceof CompanionError && askedAgain.includes(error.status ?? 0);
      if (!isAskedAgain) throw error;
      return companion.call(call);
    };
    const answer = await companion.call(call).catch(again);
    if (!accepted.includes(answer.status)) throw new CompanionError(`unexpected status ${answer.status}`);
    return answer.body ?? {};
  };
  const openOrder = async () => {
    const { order } = await ask('/create_order', { order: { billing_account_id: accountId } });
    if (typeof order !== 'string') throw new CompanionError('there is no order in the answer');
    return order;
  };
  const tag = (orderId: string, name: string, value: string) =>
    ask('/add_order_tag', { tag: { order_id: orderId, tag_name: name, tag_value: value } });

  try {
    const { credits } = await ask('/get_credits', { credits: { billing_account_id: accountId } });
    if (!(Math.trunc(Number(credits)) > 0)) return { ok: false, message: 'Insufficient credits' };
    let orderId = isFirst ? undefined : await openOrder();
    const stack = await makeStack().catch(async (error: unknown) => {
      if (orderId !== undefined) await ask('/delete_order', { order: { order_id: orderId } });
      throw new CompanionError(error instanceof Error ? error.message : String(error));
    });
    orderId ??= await openOrder();
    await tag(orderId, 'openstack_stack_id', stack.id);
    if (release === '1.2.0') await tag(orderId, 'openstack_stack_name', stack.name);
    return { ok: true, stackId: stack.id };
  } catch (error) {
    if (!(error instanceof CompanionError)) throw error;
    return { ok: false, message: error.message };
  }
}
