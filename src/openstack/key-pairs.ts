/** Compute (Nova) v2.1: the key pairs of the session's user. */
import { parseBody, parseRows } from '../http/body.ts';
import { Secret } from '../runtime/secret.ts';
import { assertNotFound } from './errors.ts';
import { knowsMicroversion } from './microversion.ts';
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

/** The first microversion with key types. Nova, however new, still generates keys for requests below 2.92. */
const usual = '2.2';
/** From this microversion on a name may contain `@` and `.`, and the public key is required. */
const freerNames = '2.92';

/**
 * Stores a public key in Nova; without one, Nova generates a pair.
 *
 * @throws {OpenStackError} 409: the name is taken; 400: the name or the key is not valid, or Nova generates none
 */
export async function createKeyPair(
  session: Session,
  draft: { name: string; type: KeyPairType; publicKey: string | undefined },
): Promise<KeyPair> {
  const { name, type, publicKey } = draft;
  const isFree = publicKey !== undefined && (await knowsMicroversion(session, freerNames));
  const request = {
    method: 'POST',
    path: '/os-keypairs',
    route: '/os-keypairs',
    body: { keypair: { name, type, ...(publicKey === undefined ? {} : { public_key: publicKey }) } },
  } as const;
  const response = await ask(session, request, isFree ? freerNames : usual);
  return toKeyPair(parseBody(response, wire.KeyPairBody).keypair);
}

/** All key pairs of the user who asks. */
export async function listKeyPairs(session: Session): Promise<KeyPair[]> {
  const response = await ask(session, { method: 'GET', path: '/os-keypairs', route: '/os-keypairs' });
  return parseRows(response, { field: 'keypairs', row: wire.KeyPairBody }).map(({ keypair }) =>
    toKeyPair(keypair),
  );
}

/** One that is gone already counts as deleted. */
export async function deleteKeyPair(session: Session, name: string): Promise<void> {
  const response = await ask(session, {
    method: 'DELETE',
    path: `/os-keypairs/${encodeURIComponent(name)}`,
    route: '/os-keypairs/{name}',
    accept: [404],
  });
  if (response.status === 404) assertNotFound(response);
}

async function ask(session: Session, request: SessionRequest, microversion = usual) {
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
