import { readChangedStacks } from '../openstack/changed-stacks.ts';
import type { ProjectId, Stack, StackId, Unreadable } from '../openstack/model.ts';
import { isUnreadable } from '../openstack/row.ts';
import type { Session } from '../openstack/session.ts';
import { readStacks, type StackList, type StackRows } from '../openstack/stack-list.ts';
import { parseTime } from '../runtime/clock.ts';
import { onceFor } from '../runtime/once-for.ts';
import { clocksApartMs } from './clocks-apart.ts';
import { KeptRows } from './kept-rows.ts';

type Row = Stack | Unreadable<StackId>;

/**
 * The stacks of the last complete list, brought up to date by what has changed since. A row of the list takes a real Heat 1.5 ms, so that a
 * list of 60,000 stacks takes it a minute and a half. The number of stacks shows whether any has been deleted: then, as when more has changed
 * than fits a page, the complete list is read.
 */
export class KnownStacks {
  readonly #rows = new KeptRows<StackId, Row>();
  /** Heat's clock when the complete list was begun, ms since 1970; undefined: a complete list is needed. */
  #at: number | undefined;
  #forgotten = 0;

  /** Has the next reading be that of a complete list. */
  forget(): void {
    this.#at = undefined;
    this.#forgotten++;
  }

  /** Takes note of the stacks of one project, all of them. */
  note(projectId: ProjectId, rows: StackRows): void {
    const listed = byId(rows);
    for (const [id, row] of this.#rows.entries())
      if (!isUnreadable(row) && row.projectId === projectId && !listed.has(id)) this.#rows.delete(id);
    this.#keep(rows);
  }

  /**
   * @param options.isComplete whether the complete list must be read
   * @throws {ServiceError} as `readStacks`
   */
  async read(
    session: Session,
    options: { readonly projects: readonly ProjectId[]; readonly isComplete: boolean },
    signal?: AbortSignal,
  ): Promise<StackList> {
    const known = options.isComplete ? undefined : await this.#catchUp(session, signal);
    if (known) return known;
    const forgotten = this.#forgotten;
    const list = await readStacks(session, options, signal);
    this.#rows.replace(byId(list));
    this.#at = forgotten === this.#forgotten && list.unobserved.size === 0 ? list.at : undefined;
    return { ...list, ...sortedRows(this.#rows.all) };
  }

  async #catchUp(session: Session, signal: AbortSignal | undefined): Promise<StackList | undefined> {
    if (this.#at === undefined) return undefined;
    const changed = await readChangedStacks(session, this.#since(this.#at), signal);
    if (!changed) return undefined;
    this.#keep(changed);
    const rows = this.#rows.all;
    if (rows.size !== changed.count) return undefined;
    return { ...sortedRows(rows), at: changed.at, unobserved: new Map() };
  }

  /** From when on stacks may have changed. An action in progress bears the time of its start, also when it is over. */
  #since(listedAt: number): { at: number; hasUpdated: boolean } {
    const { firstInProgressAt, hasUpdated } = timesOf(this.#rows.all);
    return { at: Math.min(listedAt, firstInProgressAt) - clocksApartMs, hasUpdated };
  }

  #keep(rows: StackRows): void {
    for (const [id, row] of byId(rows)) this.#rows.set(id, row);
  }
}

function byId({ stacks, unreadable }: StackRows): Map<StackId, Row> {
  return new Map([...stacks, ...unreadable].map((row) => [row.id, row]));
}

const sortedRows = onceFor((rows: ReadonlyMap<StackId, Row>): StackRows => {
  const stacks: Stack[] = [];
  const unreadable: Unreadable<StackId>[] = [];
  for (const row of rows.values()) {
    if (isUnreadable(row)) unreadable.push(row);
    else stacks.push(row);
  }
  return { stacks, unreadable };
});

/** When the first action in progress has begun, ms since 1970 by Heat's clock, and whether a stack has an `updated_time`. */
const timesOf = onceFor((rows: ReadonlyMap<StackId, Row>) => {
  let firstInProgressAt = Number.POSITIVE_INFINITY;
  let hasUpdated = false;
  for (const row of rows.values()) {
    if (isUnreadable(row)) continue;
    const { status, createdAt, updatedAt } = row;
    hasUpdated ||= updatedAt !== null;
    if (status.endsWith('_IN_PROGRESS'))
      firstInProgressAt = Math.min(firstInProgressAt, parseTime(updatedAt ?? createdAt) ?? firstInProgressAt);
  }
  return { firstInProgressAt, hasUpdated };
});
