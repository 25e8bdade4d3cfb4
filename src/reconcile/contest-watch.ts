import { hash } from 'node:crypto';
import type { Change, NewRackKey } from '../plan/change.ts';
import { fieldsOf } from '../plan/field-change.ts';
import { objectOfDevice } from '../plan/ownership.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';
import { unreachable } from '../runtime/unreachable.ts';

/** How often others may undo a change before it is no longer made. */
const mostUndone = 3;
/** A write older than this is not compared any more: a person may change their mind. */
const memoryMs = 3_600_000;
/** As many writes as the first run of a large portal makes. The oldest are forgotten first. */
const mostKept = 100_000;
/** A longer value is kept as its digest: metadata and outputs of stacks take kilobytes each. */
const longestKept = 44;

/** What we wrote last, and how often the same had to be written again. */
interface Written {
  readonly value: string;
  readonly undone: number;
  readonly at: number;
  /** Number of the run. A second write in the same run does not mean that the first was undone. */
  readonly run: number;
}

/**
 * Notices that somebody else undoes what this writer writes: a second service with other settings, or a person. A change that has
 * to be made again, with nothing else written there in between, was undone. After the third time the object is left as the others
 * want it, for an hour: two writers who correct each other only load the portal, and neither state lasts.
 */
export class ContestWatch {
  readonly #clock: Clock;
  /** By place, in the order of writing. */
  readonly #written = new Map<string, Written>();
  /** Places that are written no more. While there are none, no change is compared with what was written. */
  readonly #undone = new Set<string>();
  /** The highest id that the portal has given to a row of ours, by table: up to this run, and in it. */
  #given = { before: new Map<string, number>(), now: new Map<string, number>() };
  /** Racks that this run leaves out because they are contested: so are the devices in them. */
  readonly #racksLeft = new Set<NewRackKey>();
  #run = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many writes are remembered. */
  get size(): number {
    return this.#written.size;
  }

  /** Forgets all writes, because the rows were lost with an upgrade or an emptied or restored database, not to another writer. */
  forget(): void {
    this.#written.clear();
    this.#undone.clear();
    this.#given = { before: new Map(), now: new Map() };
  }

  /** A run begins. */
  begin(): void {
    this.#run++;
    this.#racksLeft.clear();
    this.#given.before = new Map(this.#given.now);
    const now = this.#clock.now();
    for (const [place, { at }] of this.#written) {
      if (ageOf(at, now) <= memoryMs) break;
      this.#drop(place);
    }
  }

  /** Whether others have undone this change too often for it to be made again. */
  isContested(change: Change): boolean {
    const isInRackLeft =
      (change.kind === 'create-device' || change.kind === 'replace-device') &&
      change.rack.kind === 'new' &&
      this.#racksLeft.has(change.rack.key);
    const isContested = isInRackLeft || this.#isUndone(change);
    if (isContested && change.kind === 'create-rack') this.#racksLeft.add(change.key);
    return isContested;
  }

  /**
   * Notes a change that was made.
   *
   * @param id of the row that was made
   * @returns whether the portal has gone back in time since the last run: its database was restored from a backup
   */
  note(change: Change, id?: number | string): boolean {
    const wasRestored = this.#isGivenAgain(change, id);
    if (wasRestored) this.forget();
    this.#noteId(change, id);
    this.#noteWrites(change);
    return wasRestored;
  }

  #noteWrites(change: Change): void {
    for (const [place, value] of writesOf(change)) {
      const last = this.#last(place);
      const again = last?.run === this.#run ? 0 : 1;
      const undone = last?.value === value ? last.undone + again : 0;
      this.#drop(place);
      this.#written.set(place, { value, undone, at: this.#clock.now(), run: this.#run });
      if (undone >= mostUndone) this.#undone.add(place);
    }
    if (this.#written.size <= mostKept) return;
    for (const place of this.#written.keys()) {
      if (this.#written.size <= mostKept) break;
      this.#drop(place);
    }
  }

  #drop(place: string): void {
    this.#written.delete(place);
    this.#undone.delete(place);
  }

  /**
   * PostgreSQL gives an id out once, for the rows of all clients and even if the row is deleted; only a restored database counts
   * from an earlier one. Rows of one run are made side by side, so they are compared with those of the runs before. In releases
   * whose ids are no numbers, a restored portal cannot be distinguished from another writer.
   */
  #isGivenAgain({ kind }: Change, id: number | string | undefined): boolean {
    const last = this.#given.before.get(tableOf(kind) ?? '');
    return typeof id === 'number' && last !== undefined && id <= last;
  }

  #noteId({ kind }: Change, id: number | string | undefined): void {
    const table = tableOf(kind);
    if (table === undefined || typeof id !== 'number') return;
    this.#given.now.set(table, Math.max(id, this.#given.now.get(table) ?? id));
  }

  #isUndone(change: Change): boolean {
    if (this.#undone.size === 0) return false;
    const writes = writesOf(change);
    const isUndone = ([place, value]: (typeof writes)[number]) => {
      const last = this.#last(place);
      return last?.value === value && last.undone >= mostUndone;
    };
    return writes.length > 0 && writes.every(isUndone);
  }

  #last(place: string): Written | undefined {
    const last = this.#written.get(place);
    return last && ageOf(last.at, this.#clock.now()) <= memoryMs ? last : undefined;
  }
}

/** In which table a change makes a row; undefined: it makes none. */
function tableOf(kind: Change['kind']): 'racks' | 'devices' | 'templates' | undefined {
  if (kind === 'create-rack') return 'racks';
  if (kind === 'create-template') return 'templates';
  return kind === 'create-device' || kind === 'replace-device' ? 'devices' : undefined;
}

/** The places where a change writes, and the values. The existence of an object counts as a value too. */
function writesOf(change: Change): readonly (readonly [place: string, value: string])[] {
  switch (change.kind) {
    case 'create-rack':
      return [[`rack ${change.key}`, 'there']];
    case 'delete-rack':
      return [[`rack ${change.rack.ownerId} ${change.rack.name}`, 'gone']];
    case 'create-device':
    case 'replace-device':
      return [[`device ${objectOfDevice(change.draft)}`, `there ${placeOf(change)}`]];
    case 'delete-device':
      return [[`device ${objectOfDevice(change.device) ?? change.device.id}`, 'gone']];
    case 'create-template':
      return [[`template ${change.draft.foreignId ?? change.draft.tag}`, 'there']];
    case 'delete-template':
      return [[`template ${change.template.foreignId ?? change.template.id}`, 'gone']];
    case 'update-rack':
      return fieldsOf(change).map(({ field, to }) => [`rack ${change.rack.id} ${field}`, textOf(to)]);
    case 'update-device':
      return fieldsOf(change).map(({ field, to }) => [`device ${change.device.id} ${field}`, textOf(to)]);
    case 'update-template':
      return fieldsOf(change).map(({ field, to }) => [`template ${change.template.id} ${field}`, textOf(to)]);
    default:
      return unreachable(change);
  }
}

/** The rack and template of a device: one that moves has another place, and does not look undone. */
function placeOf({ rack, template }: Extract<Change, { kind: 'create-device' | 'replace-device' }>): string {
  return `${rack.kind === 'present' ? rack.id : rack.key} ${template.kind === 'present' ? template.id : template.key}`;
}

function textOf(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length <= longestKept ? text : hash('sha256', text, 'base64');
}
