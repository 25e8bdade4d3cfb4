import { isObject } from '../../../runtime/is-object.ts';
import { PageCrash } from './companion.ts';
import { envOf, mustHaveUser, type OutboundContext, textIn } from './outbound-context.ts';
import { type PageAnswer, page } from './page-answer.ts';

/** A row of the page of key pairs. */
export interface ShownKeyPair {
  readonly name: string | null;
  readonly fingerprint: string | null;
  readonly type: string;
}

/** The form for a key pair. @param publicKey null: a pair is generated, and its private key shown this once */
export async function createKeyPair(
  context: OutboundContext,
  userId: number,
  { name, publicKey }: { readonly name: string; readonly publicKey: string | null },
): Promise<PageAnswer<{ readonly fingerprint: string; readonly privateKey: string | undefined }>> {
  return page(async () => {
    const { body } = await context.companion.call({
      method: 'POST',
      path: '/key_pairs',
      body: {
        cloud_env: envOf(context, mustHaveUser(context, userId)),
        key_pair: { name, key_type: 'ssh', public_key: publicKey },
      },
    });
    const pair = objectIn(body, 'key_pair');
    if (!pair) throw new PageCrash("undefined method `[]' for nil");
    const fingerprint = textIn(pair, 'fingerprint');
    if (fingerprint === undefined) throw new PageCrash("Fingerprint can't be blank");
    return { fingerprint, privateKey: textIn(pair, 'private_key') };
  });
}

/** The page itself. Rows in the shape of another release crash it, or have no names. */
export async function showKeyPairs(
  context: OutboundContext,
  userId: number,
): Promise<PageAnswer<readonly ShownKeyPair[]>> {
  return page(async () => {
    const { body } = await context.companion.call({
      method: 'GET',
      path: '/key_pairs',
      body: { cloud_env: envOf(context, mustHaveUser(context, userId)) },
    });
    const rows = body?.['key_pairs'];
    if (!Array.isArray(rows)) throw new PageCrash("undefined method `map' for nil");
    return rows.map((row: Readonly<Record<string, unknown>>) => {
      const pair = context.rules.nestedKeyPairs ? objectIn(row, 'keypair') : row;
      if (!pair) throw new PageCrash("undefined method `[]' for nil");
      return {
        name: textIn(pair, 'name') ?? null,
        fingerprint: textIn(pair, 'fingerprint') ?? null,
        type: textIn(pair, 'type') ?? 'ssh',
      };
    });
  });
}

/** The button that deletes one. */
export async function deleteKeyPair(
  context: OutboundContext,
  userId: number,
  name: string,
): Promise<PageAnswer> {
  return page(async () => {
    await context.companion.call({
      method: 'DELETE',
      path: '/key_pairs',
      body: { cloud_env: envOf(context, mustHaveUser(context, userId)), keypair_name: name },
    });
  });
}

function objectIn(body: Readonly<Record<string, unknown>> | undefined, key: string) {
  const value = body?.[key];
  return isObject(value) ? value : undefined;
}
