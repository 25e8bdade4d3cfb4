import { BodyError, ConnectionError, TimeoutError } from '../http/errors.ts';
import { OpenStackError } from '../openstack/errors.ts';
import * as compute from '../openstack/key-pairs.ts';
import type { Session } from '../openstack/session.ts';
import { OperationError } from './operation-error.ts';
import { generateSshKey } from './ssh-key.ts';

export type { KeyPair } from '../openstack/key-pairs.ts';

/** A key pair that is to be made, or imported. */
export interface KeyPairDraft {
  readonly name: string;
  readonly type: compute.KeyPairType;
  /** undefined: a pair is generated. */
  readonly publicKey: string | undefined;
}

/**
 * Gives Nova the user's public key, or a new pair's. SSH pairs are generated here, because Nova does so no more from
 * microversion 2.92 on; certificates (x509) can be had from Nova alone.
 *
 * @throws {OpenStackError} 409: the name is taken; 400: the name or the key is not valid
 * @throws {OperationError} invalid: Nova generates no certificates any more
 */
export async function createKeyPair(session: Session, draft: KeyPairDraft): Promise<compute.KeyPair> {
  if (draft.publicKey !== undefined) return compute.createKeyPair(session, draft);
  if (draft.type === 'x509') return generatedByNova(session, draft);
  const { publicKey, privateKey } = await generateSshKey('Generated-by-Concertim');
  const pair = await handOver(session, { ...draft, publicKey });
  return { ...pair, privateKey };
}

/** The key pairs of the session's user. */
export async function listKeyPairs(session: Session): Promise<compute.KeyPair[]> {
  return compute.listKeyPairs(session);
}

/** One that is gone already counts as deleted. */
export async function deleteKeyPair(session: Session, name: string): Promise<void> {
  await compute.deleteKeyPair(session, name);
}

async function generatedByNova(session: Session, draft: KeyPairDraft): Promise<compute.KeyPair> {
  try {
    return await compute.createKeyPair(session, draft);
  } catch (error) {
    const generatesNone =
      error instanceof OpenStackError &&
      (error.status === 406 || (error.status === 400 && error.upstream.includes('public_key')));
    if (!generatesNone) throw error;
    throw new OperationError(
      'invalid',
      'key_pair.public_key: this cloud generates no x509 key pairs, give the public key (certificate) of one.',
    );
  }
}

/** Where the answer is lost the pair may be there, and its private key would be lost with the answer. */
async function handOver(session: Session, draft: KeyPairDraft): Promise<compute.KeyPair> {
  try {
    return await compute.createKeyPair(session, draft);
  } catch (error) {
    const isLost =
      error instanceof ConnectionError || error instanceof TimeoutError || error instanceof BodyError;
    const pairs = isLost ? await compute.listKeyPairs(session) : [];
    const made = pairs.find(({ name, publicKey }) => name === draft.name && publicKey === draft.publicKey);
    if (!made) throw error;
    return made;
  }
}
