import type { Kind, Stack } from '../openstack/model.ts';
import { parseTime } from '../runtime/clock.ts';

/** Heat's times have a resolution of a second; the rest is for engines whose clocks differ. */
const settlingMs = 5_000;

/**
 * The revision of a tree from its rows in the list. Heat sets a stack's `updated_time` at the start of an action and
 * its status at the end, and a nested stack may change without its root; hence the newest time of the tree, the
 * root's status and the number of stacks, and no trust while one of them is in progress or has only just begun.
 *
 * It includes the kinds that are looked for: a tree that was read only for its servers is read again for the others.
 *
 * @returns settledAfter: the moment of Heat's clock after which it is trusted, ms since 1970
 */
export function treeRevision(
  root: Stack,
  stacks: readonly Stack[],
  kinds: readonly Kind[],
): { readonly text: string; readonly settledAfter: number } {
  let newest = '';
  for (const { createdAt, updatedAt } of stacks) {
    const time = updatedAt ?? createdAt;
    if (time > newest) newest = time;
  }
  const inProgress = stacks.some(({ status }) => status.endsWith('_IN_PROGRESS'));
  const newestAt = inProgress ? undefined : parseTime(newest);
  const further = kinds.filter((kind) => kind !== 'server').map((kind) => ` ${kind}`);
  const text = `${newest} ${root.status} ${stacks.length}${further.join('')}`;
  return { text, settledAfter: newestAt === undefined ? Number.POSITIVE_INFINITY : newestAt + settlingMs };
}
