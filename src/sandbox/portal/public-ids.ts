import { createHash } from 'node:crypto';
import { asInteger, type Scalar } from './attributes.ts';
import type { ReleaseRules } from './release-rules.ts';

/** What has ids of its own. */
export type IdSpace = 'user' | 'team' | 'team role' | 'template' | 'rack' | 'device';

/** A row's number as the portal's API shows it: itself, or a UUID that is always the same for it. */
export class PublicIds {
  readonly #ids: ReleaseRules['ids'];
  readonly #numbers = new Map<string, number>();

  constructor({ ids }: ReleaseRules) {
    this.#ids = ids;
  }

  show(space: IdSpace, number: number): number | string {
    if (this.#ids === 'integer') return number;
    const hex = createHash('md5').update(`${space}/${number}`).digest('hex');
    const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    this.#numbers.set(uuid, number);
    return uuid;
  }

  /** 0, which no row has, for an id that was never shown. */
  read(id: Scalar): number {
    return this.#ids === 'integer' ? (asInteger(id) ?? 0) : (this.#numbers.get(String(id)) ?? 0);
  }
}
