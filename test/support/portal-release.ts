import { inject } from 'vitest';
import type { Release } from '../../src/concertim/profile.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the portal of every scenario that asks for no other; vitest.config.ts says which files run for which releases. */
    readonly portalRelease: Release;
  }
}

/** The release that the tests of this file run for at present. */
export function portalRelease(): Release {
  return inject('portalRelease');
}
