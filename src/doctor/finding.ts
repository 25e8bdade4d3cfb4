import type { ArchivePolicyDraft } from '../openstack/metric.ts';
import type { ProjectId, UserId } from '../openstack/model.ts';

/** What one check found, for people and programs alike. */
export interface Finding {
  /** Stable, such as `keystone.roles`. */
  readonly check: string;
  /** The one of several clouds that it is about; undefined: there is but one, or it is about none. */
  readonly cloud?: string;
  /** `warning`: something is missing or soon will be; `error`: the service cannot do its work. */
  readonly level: 'ok' | 'warning' | 'error';
  readonly found: string;
  /** Why it matters; undefined where there is nothing to be done. */
  readonly why: string | undefined;
  /** The command or setting that repairs it. With level `ok` it is advice. */
  readonly repair: string | undefined;
  /** What `doctor --fix` may do about it. */
  readonly remedy: Remedy | undefined;
}

/** What can be made right through the cloud's own APIs. */
export type Remedy =
  | { readonly kind: 'create-role'; readonly name: string }
  | { readonly kind: 'create-user'; readonly name: string; readonly domainId: string }
  | {
      readonly kind: 'grant-role';
      readonly role: string;
      readonly userId: UserId;
      readonly projectId: ProjectId;
    }
  | {
      readonly kind: 'replace-role';
      readonly role: string;
      readonly by: readonly string[];
      readonly userId: UserId;
      readonly projectId: ProjectId;
    }
  | { readonly kind: 'create-archive-policy'; readonly policy: ArchivePolicyDraft };

/** A check as people read it: `keystone.roles`, of several clouds `south: keystone.roles`. */
export function labelOf({ check, cloud }: Pick<Finding, 'check' | 'cloud'>): string {
  return cloud === undefined ? check : `${cloud}: ${check}`;
}

/** What is wrong or could be better, and what to do. */
export interface Advice {
  readonly found: string;
  readonly why: string;
  readonly repair: string;
  readonly remedy?: Remedy;
}

export function ok(check: string, found: string): Finding {
  return { check, level: 'ok', found, why: undefined, repair: undefined, remedy: undefined };
}

/** It works, and could work better. */
export function advice(check: string, given: Advice): Finding {
  return { check, level: 'ok', remedy: undefined, ...given };
}

export function warning(check: string, given: Advice): Finding {
  return { check, level: 'warning', remedy: undefined, ...given };
}

export function error(check: string, given: Advice): Finding {
  return { check, level: 'error', remedy: undefined, ...given };
}
