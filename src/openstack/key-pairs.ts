/** Compute (Nova) v2.1: the key pairs of the session's user. */
import { parseBody } from '../http/body.ts';
import { Secret } from '../runtime/secret.ts';
import type { Session, SessionRequest } from './session.ts';
import * as wire from './wire/key-pair.ts';

/** What a key pair is for: SSH, or the certificates of Windows. */
export type KeyPairType = 'ssh' | 'x509';

/** Compute (Nova): a key pair of the user who asks. */
export interface KeyPair {
  readonly name: string;
  readonly type: KeyPairType;
  readonly publicKey: string;
  readonly fingerprint: string;
  /** PEM; there only when Nova has just generated it. */
  readonly privateKey: Secret | undefined;
}

/**
 * The first that knows types. It is also far below 2.92, from which on Nova generates no keys: asked for an old one, even
 * a newer Nova does.
 */
const microversion = '2.2';

/**
 * Gives Nova a public key; without one it generates a pair itself.
 *
 * @throws {OpenStackError} 409: the name is taken; 400: the name or the key is not valid, or Nova generates none
 */
export async function createKeyPair(
  session: Session,
  draft: { name: string; type: KeyPairType; publicKey: string | undefined },
): Promise<KeyPair> {
  const { name, type, publicKey } = draft;
  const response = await ask(session, {
    method: 'POST',
    path: '/os-keypairs',
    route: '/os-keypairs',
    body: { keypair: { name, type, ...(publicKey === undefined ? {} : { public_key: publicKey }) } },
  });
  return toKeyPair(parseBody(response, wire.KeyPairBody).keypair);
}

/** All key pairs of the user who asks. */
export async function listKeyPairs(session: Session): Promise<KeyPair[]> {
  const response = await ask(session, { method: 'GET', path: '/os-keypairs', route: '/os-keypairs' });
  return parseBody(response, wire.KeyPairsBody).keypairs.map(({ keypair }) => toKeyPair(keypair));
}

/** @throws {OpenStackError} 404: the user has none of that name */
export async function deleteKeyPair(session: Session, name: string): Promise<void> {
  await ask(session, {
    method: 'DELETE',
    path: `/os-keypairs/${encodeURIComponent(name)}`,
    route: '/os-keypairs/{name}',
  });
}

async function ask(session: Session, request: SessionRequest) {
  const headers = {
    'openstack-api-version': `compute ${microversion}`,
    'x-openstack-nova-api-version': microversion,
  };
  return session.request('compute', { ...request, headers });
}

function toKeyPair({ name, type, public_key, fingerprint, private_key }: wire.KeyPair): KeyPair {
  return {
    name,
    type,
    publicKey: public_key,
    fingerprint,
    privateKey: private_key === undefined ? undefined : new Secret(private_key),
  };
}
