import { type Random, seededRandom } from '../../runtime/random.ts';

/** Makes ids and names in OpenStack's forms; the same ones for the same seed. */
export class Ids {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** As Nova and Heat have them: `b89f6bb6-dc11-4bf2-8af1-92148e8cf5c5`. */
  uuid(): string {
    const hex = this.hex(32);
    const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4];
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
  }

  /** `length` hexadecimal digits; 32 make an id as Keystone has them. */
  hex(length: number): string {
    let text = '';
    while (text.length < length) text += this.#word().toString(16).padStart(8, '0');
    return text.slice(0, length);
  }

  /** `length` lower-case letters and digits, as at the end of a nested stack's name. */
  letters(length: number): string {
    return this.#of('abcdefghijklmnopqrstuvwxyz234567', length);
  }

  /** `length` characters of URL-safe Base64. */
  base64Url(length: number): string {
    return this.#of('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', length);
  }

  /** As Neutron's: `fa:16:3e:3a:3e:e6`. */
  mac(): string {
    return `fa:16:3e:${(this.hex(6).match(/../g) ?? []).join(':')}`;
  }

  /** `req-` and a UUID. */
  requestId(): string {
    return `req-${this.uuid()}`;
  }

  #word(): number {
    return Math.floor(this.#random.next() * 4_294_967_296);
  }

  #of(alphabet: string, length: number): string {
    return Array.from({ length }, () => alphabet[Math.floor(this.#random.next() * alphabet.length)]).join('');
  }
}

/** A source of its own for `purpose`, so that drawing for one thing does not shift what another one gets. */
export function randomFor(seed: number, purpose: string): Random {
  let mixed = seed >>> 0;
  for (const character of purpose) mixed = (Math.imul(mixed, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  return seededRandom(mixed);
}
