import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { Secret } from '../runtime/secret.ts';

const generate = promisify(generateKeyPair);

/** As Nova's own. Larger ones take seconds of a busy core, and the portal waits for five. */
const modulusLength = 2048;

/**
 * A new RSA pair: the public key as in `authorized_keys`, the private one as PEM (PKCS#1), which is how Nova itself
 * generates them and what every SSH client reads.
 */
export async function generateSshKey(comment: string): Promise<{ publicKey: string; privateKey: Secret }> {
  const { publicKey, privateKey } = await generate('rsa', { modulusLength });
  return {
    publicKey: `ssh-rsa ${rsaBlob(publicKey).toString('base64')} ${comment}`,
    privateKey: new Secret(privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()),
  };
}

/** RFC 4253, section 6.6: the name, the exponent, the modulus. */
function rsaBlob(key: KeyObject): Buffer {
  const { e = '', n = '' } = key.export({ format: 'jwk' });
  return Buffer.concat([
    withLength(Buffer.from('ssh-rsa')),
    withLength(asMpint(Buffer.from(e, 'base64url'))),
    withLength(asMpint(Buffer.from(n, 'base64url'))),
  ]);
}

/** RFC 4251, section 5: a first bit that is set would mean a negative number. */
function asMpint(number: Buffer): Buffer {
  return (number[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), number]) : number;
}

function withLength(part: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return Buffer.concat([length, part]);
}
