import { z } from 'zod';
import { CloudEnv, CloudEnvFields, Text } from './cloud-env.ts';

/** `POST /key_pairs` */
export const CreateKeyPair = z.object({
  cloud_env: CloudEnv,
  key_pair: z.object({
    name: Text,
    key_type: z.enum(['ssh', 'x509']).nullish().describe('`ssh` where nothing is said'),
    public_key: z.string().max(16_384).nullish().describe('none: a pair is generated'),
  }),
});

/** `GET /key_pairs`, by body; the portal of 2023 would say the same by query. */
export const ListKeyPairs = z.object({ cloud_env: CloudEnv }).nullish();
export const ListKeyPairsQuery = CloudEnvFields.partial();

/** `DELETE /key_pairs` */
export const DeleteKeyPair = z.object({ cloud_env: CloudEnv, keypair_name: Text });

export const KeyPair = z.object({
  id: z.string().describe('the name: key pairs have no other id'),
  name: z.string(),
  type: z.enum(['ssh', 'x509']),
  fingerprint: z.string(),
  public_key: z.string(),
});

export const CreatedKeyPairBody = z.object({
  success: z.literal(true),
  key_pair: KeyPair.extend({
    private_key: z.string().nullable().describe('PEM, this once; null when the public key was given'),
  }),
});
/** Portals before 1.2.0 read what stands in `keypair`, later ones what stands beside it. */
const KeyPairRow = KeyPair.extend({
  keypair: KeyPair.describe('the same once more, for portals before 1.2.0'),
});
export const KeyPairsBody = z.object({ success: z.literal(true), key_pairs: z.array(KeyPairRow) });
export const DeletedKeyPairBody = z.object({ success: z.literal(true) });
