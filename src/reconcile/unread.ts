import type { Kind } from '../openstack/model.ts';

/** Something of the cloud that could not be read. */
export interface Unread {
  readonly object: Kind | 'stack' | 'project' | 'service' | 'cloud';
  readonly id: string;
  readonly name: string;
  readonly error: unknown;
}
