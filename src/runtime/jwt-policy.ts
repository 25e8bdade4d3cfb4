import type { Secret } from './secret.ts';

/** Which requests need a token. */
export type JwtPolicy =
  | { readonly kind: 'off' }
  | {
      /** `if-present`: a request without a token passes, one with a bad token does not. */
      readonly kind: 'required' | 'if-present';
      /** Shared with the portal. */
      readonly secret: Secret;
      /** Whether `DUMMYTOKEN` passes for calls of the cluster builder. */
      readonly allowDummyToken: boolean;
    };
