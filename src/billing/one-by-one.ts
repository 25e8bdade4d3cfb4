import { OpenStackError } from '../openstack/errors.ts';
import { BillingError } from './errors.ts';

/** After this many failures in a row the service counts as unavailable. */
const mostInARow = 3;

/** An answer that refuses the request. */
export type Refusal = BillingError | OpenStackError;

/**
 * Does some work for each item, one after the other. A refusal of one item does not stop the others: KillBill also answers 500 to
 * requests that will never succeed.
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
