import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** A message as RabbitMQ delivered it from a real cloud. */
export interface CapturedMessage {
  readonly exchange: string;
  readonly routing_key: string;
  /** The raw text. */
  readonly body: string;
}

export const captures = [
  'nova-neutron-unversioned',
  'nova-neutron-versioned',
  // In both forms.
  'nova-key-pairs',
  'heat',
  'keystone-cadf',
  'keystone-basic',
] as const;
export type Capture = (typeof captures)[number];

/** All messages of one capture, in order. */
export function capturedMessages(capture: Capture): CapturedMessage[] {
  const file = new URL(`../fixtures/notifications/${capture}.jsonl.gz`, import.meta.url);
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as CapturedMessage);
}
