import type { StackOutputs } from '../openstack/model.ts';
import { storable, storableText } from './storable.ts';

/** Where a rack's metadata has the same text as its field: some releases do not show that. */
export const outputsKey = 'openstack_stack_output';

/**
 * A stack's outputs as the portal reads them: `key=value, key2=value2`. The rack page splits at `", "`, then at `"="`,
 * and fails on an item with two of them; so neither may stand inside a key or a value. The rest is left as it is, so that
 * an address stays a link.
 */
export function creationOutput(outputs: StackOutputs): string {
  return outputs
    .filter(({ value }) => value !== null && value !== undefined)
    .map(({ key, value }) => `${escape(storableText(key))}=${escape(asText(storable(value)))}`)
    .sort()
    .join(', ');
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function escape(text: string): string {
  return text.replaceAll('=', '%3D').replaceAll(', ', '%2C%20').replace(/,$/, '%2C');
}
