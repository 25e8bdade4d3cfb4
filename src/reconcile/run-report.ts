import type { UnreadableRow } from '../concertim/model.ts';
import type { Release } from '../concertim/profile.ts';
import type { Kind, ProjectId, StackId } from '../openstack/model.ts';
import type { ChangeKind, Held } from '../plan/change.ts';
import type { ForeignClaim } from '../plan/claims.ts';
import type { Subject } from '../plan/subject.ts';
import type { Unread } from './unread.ts';

/** What one run saw, did, refused and failed at. */
export interface RunReport {
  /** Unique per run: every log line of the run bears it. */
  readonly runId: string;
  readonly scope: 'full' | 'targeted';
  /** ms since 1970. */
  readonly startedAt: number;
  /** The portal's release. */
  readonly release: Release;
  /** What it did with each of several clouds; empty for one alone. */
  readonly clouds: readonly {
    readonly name: string;
    /** Since when it cannot be read, ms since 1970, and why; undefined: the last run that needed it has read it. */
    readonly away: { readonly since: number; readonly error: unknown } | undefined;
    /** undefined: not read in this run. */
    readonly seen: Readonly<Record<'servers' | 'stacks' | 'flavors', number>> | undefined;
    readonly held: number;
    readonly refused: number;
    readonly unobserved: number;
  }[];
  readonly ms: { readonly observe: number; readonly plan: number; readonly apply: number };
  readonly seen: Readonly<
    Record<'servers' | 'stacks' | 'flavors' | 'users' | 'racks' | 'devices' | 'templates', number>
  >;
  /** Changes carried out, by kind. */
  readonly changes: Readonly<Partial<Record<ChangeKind, number>>>;
  /** The same one by one, with the names of the fields that were changed. */
  readonly made: readonly (Subject & {
    readonly change: ChangeKind;
    readonly why: string;
    readonly fields: readonly string[];
  })[];
  readonly failures: readonly Failure[];
  /** Not tried because what they stand on failed. */
  readonly skipped: readonly (Subject & { readonly because: string })[];
  /** Not tried because another writer, or a person, undoes them each time. */
  readonly contested: readonly (Subject & { readonly change: ChangeKind })[];
  /** Changes postponed to the next run because the portal stopped responding in this one. */
  readonly untried: number;
  readonly held: readonly Held[];
  /** Racks and devices whose metadata names an object of another owner. */
  readonly foreign: readonly ForeignClaim[];
  readonly warnings: readonly string[];
  readonly unknownStates: readonly { readonly id: string; readonly state: string }[];
  /** Objects that OpenStack shows only by id, such as servers in a Nova cell that is down. The portal keeps what it shows of them. */
  readonly unreadable: readonly {
    readonly object: Kind | 'stack' | 'flavor' | 'server group';
    readonly id: string;
    readonly problem: string;
  }[];
  /** Rows of the portal that cannot be read. They are kept, and nothing is created that they may already be. */
  readonly unreadableRows: readonly UnreadableRow[];
  readonly unobserved: readonly { readonly projectId: ProjectId; readonly reason: string }[];
  /**
   * What the full run before this one found changed in the cloud and no notification announced: a sign of lost ones. Only
   * full runs tell, and only while notifications are listened to.
   */
  readonly drift: readonly Subject[];
  /** Requests sent in the run, by service. */
  readonly requests: Readonly<Record<string, number>>;
}

/** One object that could not be reconciled. The others were. */
export interface Failure {
  readonly object: Subject['object'] | Unread['object'];
  readonly name: string;
  readonly id: number | string | StackId | null;
  readonly doing: ChangeKind | 'read';
  readonly error: unknown;
}

/** Whether everything that should have been done was done. What is held on purpose does not count against it. */
export function isSuccess(report: RunReport): boolean {
  return (
    report.failures.length === 0 &&
    report.skipped.length === 0 &&
    report.contested.length === 0 &&
    report.warnings.length === 0 &&
    report.unobserved.length === 0
  );
}

export function changeCount(report: RunReport): number {
  return Object.values(report.changes).reduce((sum, count) => sum + count, 0);
}
