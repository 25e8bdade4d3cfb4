import { z } from 'zod';

/** Microversion 2.2; `type` is left out before it. The private key comes only with the one that Nova generated. */
export const KeyPair = z.object({
  name: z.string(),
  public_key: z.string(),
  fingerprint: z.string(),
  type: z.enum(['ssh', 'x509']).default('ssh'),
  private_key: z.string().optional(),
});
export type KeyPair = z.infer<typeof KeyPair>;

export const KeyPairBody = z.object({ keypair: KeyPair });
