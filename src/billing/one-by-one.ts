import { OpenStackError } from '../openstack/errors.ts';
import { BillingError } from './errors.ts';

/** What fails so often without a break is unavailable. */
const mostInARow = 3;

/** An answer that says no. */
export type Refusal = BillingError | OpenStackError;

/**
 * Does something for each of several, one after the other. What is refused of one holds up no other: KillBill answers with 500
 * also what it will never do.
 *
 * @throws what `work` throws when there is no answer, the credentials are wrong, or several in a row fail
 */
export async function oneByOne<One>(
  all: Iterable<One>,
  work: (one: One) => Promise<void>,
  onRefused: (one: One, refusal: Refusal) => void,
): Promise<void> {
  let inARow = 0;
  for (const one of all) {
    try {
      await work(one);
      inARow = 0;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      inARow = error.severity === 'transient' ? inARow + 1 : 0;
      if (inARow >= mostInARow) throw error;
      onRefused(one, error);
    }
  }
}

function isRefusal(error: unknown): error is Refusal {
  if (error instanceof BillingError) return error.kind !== 'unauthorized';
  return error instanceof OpenStackError && error.severity !== 'fatal';
}
