import { type Random, seededRandom } from '../../runtime/random.ts';

const hexDigits = Buffer.from('0123456789abcdef');
const base32 = Buffer.from('abcdefghijklmnopqrstuvwxyz234567');
const base64Url = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
const variants = Buffer.from('89ab');
const four = 0x34;
const hexText = Buffer.alloc(32);
const uuidText = Buffer.alloc(36, '-');

/** Makes ids and names in OpenStack's forms; the same ones for the same seed. */
export class Ids {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** As Nova and Heat have them: `b89f6bb6-dc11-4bf2-8af1-92148e8cf5c5`. */
  uuid(): string {
    this.#drawHex(32);
    // Written in place and read at once: text that is put together of pieces takes many times the memory.
    for (let digit = 0, at = 0; digit < 32; digit++, at++) {
      if (digit === 8 || digit === 12 || digit === 16 || digit === 20) at++;
      uuidText[at] = hexText[digit] as number;
    }
    uuidText[14] = four;
    uuidText[19] = variants[(hexText[16] as number) % 4] as number;
    return uuidText.toString('latin1');
  }

  /** `length` hexadecimal digits, 32 at most: as many make an id as Keystone has them. */
  hex(length: number): string {
    this.#drawHex(length);
    return hexText.toString('latin1', 0, length);
  }

  /** `length` lower-case letters and digits, as at the end of a nested stack's name. */
  letters(length: number): string {
    return this.#of(base32, length);
  }

  /** `length` characters of URL-safe Base64. */
  base64Url(length: number): string {
    return this.#of(base64Url, length);
  }

  /** As Neutron's: `fa:16:3e:3a:3e:e6`. */
  mac(): string {
    return `fa:16:3e:${(this.hex(6).match(/../g) ?? []).join(':')}`;
  }

  /** `req-` and a UUID. */
  requestId(): string {
    return `req-${this.uuid()}`;
  }

  #drawHex(length: number): void {
    for (let at = 0; at < length; at += 8) {
      let word = Math.floor(this.#random.next() * 4_294_967_296);
      for (let digit = 0; digit < 8; digit++, word >>>= 4)
        hexText[at + digit] = hexDigits[word & 15] as number;
    }
  }

  #of(alphabet: Buffer, length: number): string {
    const text = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; at++) {
      text[at] = alphabet[Math.floor(this.#random.next() * alphabet.length)] as number;
    }
    return text.toString('latin1');
  }
}

/** A source of its own for `purpose`, so that drawing for one thing does not shift what another one gets. */
export function randomFor(seed: number, purpose: string): Random {
  let mixed = seed >>> 0;
  for (const character of purpose) mixed = (Math.imul(mixed, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  return seededRandom(mixed);
}
