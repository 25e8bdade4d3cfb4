import { CompanionError, PageCrash } from './companion.ts';

/** What a page of the portal shows after a call. */
export type PageAnswer<T = void> =
  | { readonly ok: true; readonly shown: T }
  | {
      readonly ok: false;
      /** `crashed`: the page for status 500. */
      readonly kind: 'refused' | 'crashed';
      readonly message: string;
    };

/** What becomes of a call on the page that makes it: a page repeats nothing. */
export async function page<T>(work: () => Promise<T>): Promise<PageAnswer<T>> {
  try {
    return { ok: true, shown: await work() };
  } catch (error) {
    if (error instanceof CompanionError) return { ok: false, kind: 'refused', message: error.message };
    if (error instanceof PageCrash) return { ok: false, kind: 'crashed', message: error.message };
    throw error;
  }
}
