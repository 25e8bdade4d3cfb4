import type { DeviceId, RackId, TemplateId } from '../concertim/model.ts';
import type { Change } from '../plan/change.ts';

/** The result of one change. */
export type Outcome =
  | {
      readonly kind: 'done';
      readonly change: Change;
      /** The portal's id of what was made; undefined where nothing was. */
      readonly id: RackId | DeviceId | TemplateId | undefined;
      readonly ms: number;
    }
  | { readonly kind: 'failed'; readonly change: Change; readonly error: unknown }
  /** Not tried: another writer undoes it each time. */
  | { readonly kind: 'contested'; readonly change: Change }
  /** Not tried: what it depends on does not exist. The next run plans it again. */
  | { readonly kind: 'skipped'; readonly change: Change; readonly because: string };
