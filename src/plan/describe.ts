import type { PortalSnapshot, UnreadableRow } from '../concertim/model.ts';
import type { Kind } from '../openstack/model.ts';
import { oneLine } from '../runtime/printable.ts';
import { unreachable } from '../runtime/unreachable.ts';
import { type Change, changesOf, type Plan } from './change.ts';
import { describeClaim } from './claims.ts';
import { type FieldChange, fieldsOf, isSecret } from './field-change.ts';
import { foreseeRefusals } from './foresee-refusals.ts';
import { compareTexts } from './portal-index.ts';
import { type RefusalCode, refusals } from './refusal.ts';
import { type Subject, Subjects } from './subject.ts';
import { describeTotals, isInStep, totalsOf } from './totals.ts';

/** What a part of a line means; a terminal may colour it. */
export type Tone = 'create' | 'update' | 'replace' | 'delete' | 'held' | 'warning' | 'heading';

/** Something of the cloud, or a row of the portal, that could not be read: the portal keeps what it shows of it. */
export interface UnreadObject {
  readonly object:
    | Kind
    | 'stack'
    | 'flavor'
    | 'server group'
    | 'project'
    | 'service'
    | 'cloud'
    | UnreadableRow['object'];
  readonly id: string;
  readonly name: string;
  readonly problem: string;
}

/** How a plan is laid out. */
export interface DescribeOptions {
  /** What could not be read. Default: nothing. */
  readonly unread?: readonly UnreadObject[];
  /** Columns that a value may fill before it is cut. Names and ids are never cut. Default: 140. */
  readonly width?: number;
  /** Most rows of the screen to fill, where a line longer than `width` takes several; lines beyond are counted. Default: all. */
  readonly rows?: number;
  /** Colours a text. Default: no colour. */
  readonly paint?: (tone: Tone, text: string) => string;
}

/** One line of the description, and where it stands. */
interface Entry {
  readonly subject: Subject;
  readonly tone: Tone;
  /** `+`, `~`, `±`, `-` or `=`. */
  readonly sign: string;
  /** What becomes of the object, and why. */
  readonly text: (room: number) => string;
}

/**
 * The plan as a diff for people, grouped by owner and rack, with the totals last. No two lines are equal: each names its
 * object with the ids that it has in the portal and in OpenStack. Stack outputs may be secret: that they differ is said,
 * not how.
 */
export function describePlan(plan: Plan, portal: PortalSnapshot, options: DescribeOptions = {}): string {
  const {
    unread = [],
    width = 140,
    rows = Number.POSITIVE_INFINITY,
    paint = (_tone, text) => text,
  } = options;
  const lines: string[] = [];
  /** As many lines as fit above the one that counts the rest. */
  let fitting = 0;
  let filled = 0;
  const add = (columns: number, line: string) => {
    lines.push(line);
    filled += Math.max(1, Math.ceil(columns / width));
    if (filled < rows) fitting = lines.length;
  };
  let owner: string | undefined;
  let rack: string | undefined;
  const refused = foreseeRefusals(plan, portal);
  for (const { subject, tone, sign, text } of entriesOf(plan, portal, refused).sort(byPlace)) {
    const ownerHeading = headingOf(subject);
    if (ownerHeading !== owner) {
      add(ownerHeading.length, paint('heading', ownerHeading));
      owner = ownerHeading;
      rack = undefined;
    }
    const rackHeading = rackOf(subject);
    if (rackHeading !== rack && subject.object === 'device')
      add(rackHeading.length + 2, `  ${paint('heading', rackHeading)}`);
    rack = rackHeading;
    const name = `${subject.object === 'device' ? '    ' : '  '}${sign} ${nameOf(subject)}`;
    const rest = `: ${text(width - name.length - 2)}`;
    add(name.length + rest.length, `${paint(tone, name)}${rest}`);
  }
  if (filled > rows) {
    const folded = lines.splice(fitting);
    lines.push(`… ${folded.length} more lines: --all shows them`);
  }
  for (const { object, id, name, problem } of unread) {
    lines.push(
      paint('warning', `? ${object} ${name === id ? id : `${name} (${id})`} cannot be read: ${problem}`),
    );
  }
  for (const { id, state } of plan.unknownStates) {
    lines.push(
      paint('warning', `? ${id}: OpenStack reports the unknown state ${state}; the portal keeps its status`),
    );
  }
  for (const claim of plan.foreign)
    lines.push(paint('held', `x ${describeClaim(claim)}: not managed, left as it is`));
  for (const warning of plan.warnings) lines.push(paint('warning', `! ${warning}`));
  const shown = lines.map(oneLine);
  if (isInStep(plan, unread)) return `${[...shown, 'In step: nothing to change.'].join('\n')}\n`;
  return `${[...shown, describeTotals(totalsOf(plan, unread, refused.size))].join('\n')}\n`;
}

function entriesOf(plan: Plan, portal: PortalSnapshot, refused: ReadonlyMap<Change, RefusalCode>): Entry[] {
  const subjects = new Subjects(plan, portal);
  const entries = changesOf(plan).map((change): Entry => {
    const code = refused.get(change);
    const look = looks[change.kind];
    return {
      subject: subjects.of(change),
      sign: look.sign,
      tone: code ? 'warning' : look.tone,
      text: (room) =>
        `${whatOf(change, subjects, room)}${change.reason}${code ? `; the portal would refuse this: ${refusals[code].text}` : ''}`,
    };
  });
  for (const held of plan.held) {
    entries.push({
      subject: subjects.held(held),
      tone: 'held',
      sign: '=',
      text: () => `kept: ${held.reason}`,
    });
  }
  return entries;
}

const looks: Record<Change['kind'], { readonly tone: Tone; readonly sign: string }> = {
  'create-template': { tone: 'create', sign: '+' },
  'create-rack': { tone: 'create', sign: '+' },
  'create-device': { tone: 'create', sign: '+' },
  'update-template': { tone: 'update', sign: '~' },
  'update-rack': { tone: 'update', sign: '~' },
  'update-device': { tone: 'update', sign: '~' },
  'replace-device': { tone: 'replace', sign: '±' },
  'delete-template': { tone: 'delete', sign: '-' },
  'delete-rack': { tone: 'delete', sign: '-' },
  'delete-device': { tone: 'delete', sign: '-' },
};

/** Templates first, then owner by owner, rack by rack: the rack itself, then its devices. */
function byPlace({ subject: a }: Entry, { subject: b }: Entry): number {
  return (
    Number(b.object === 'template') - Number(a.object === 'template') ||
    compareTexts(headingOf(a), headingOf(b)) ||
    compareTexts(a.rack ?? '', b.rack ?? '') ||
    compareTexts(String(a.rackId), String(b.rackId)) ||
    Number(a.object === 'device') - Number(b.object === 'device') ||
    compareTexts(a.name, b.name) ||
    compareTexts(String(a.id), String(b.id))
  );
}

function headingOf({ object, owner, rack }: Subject): string {
  if (object === 'template') return 'Templates';
  if (owner !== null) return `Owner ${owner}`;
  return rack === null ? 'In no rack' : 'Owner unknown';
}

function rackOf({ rack, rackId }: Subject): string {
  if (rack === null) return 'no rack';
  return rackId === null ? `rack ${rack}` : `rack ${rack} (${rackId})`;
}

/** `device web (44, server 0f3c…)`: what no other line says. */
function nameOf({ object, name, id, openstackId, openstackKind }: Subject): string {
  const ids = [
    ...(id === null ? [] : [String(id)]),
    ...(openstackId === null ? [] : [`${openstackKind} ${openstackId}`]),
  ];
  return ids.length === 0 ? `${object} ${name}` : `${object} ${name} (${ids.join(', ')})`;
}

/** What the object will have, or which of its fields will change; ends where the reason begins. */
function whatOf(change: Change, subjects: Subjects, room: number): string {
  switch (change.kind) {
    case 'create-template': {
      const { height, vcpus, ram, disk } = change.draft;
      if (change.draft.tag) return `${height} U, for ${change.draft.tag}s; `;
      const size = [
        [vcpus, 'vCPU'],
        [ram, 'MiB memory'],
        [disk, 'GiB disk'],
      ].flatMap(([value, unit]) => (value === null ? [] : [`, ${value} ${unit}`]));
      return `${height} U${size.join('')}; `;
    }
    case 'create-rack':
      return `${change.draft.height} U, ${change.draft.status}; `;
    case 'create-device': {
      const { startU, draft } = change;
      const ips = draft.kind === 'server' ? [draft.publicIps, draft.privateIps] : [];
      const addresses = ips.filter(Boolean).join(', ');
      return `unit ${startU}, template ${subjects.templateOf(change)}, ${draft.status}${addresses && `, ${addresses}`}; `;
    }
    case 'replace-device':
      return fieldsText(
        [{ field: 'template', from: undefined, to: subjects.templateOf(change) }, ...fieldsOf(change)],
        room - change.reason.length,
      );
    case 'update-template':
    case 'update-rack':
    case 'update-device':
      return fieldsText(fieldsOf(change), room - change.reason.length);
    case 'delete-template':
    case 'delete-rack':
    case 'delete-device':
      return '';
    default:
      return unreachable(change);
  }
}

/** As many fields as there is room for, at least one; the rest is counted. */
function fieldsText(fields: readonly FieldChange[], room: number): string {
  let text = '';
  for (const [at, { field, from, to }] of fields.entries()) {
    const next = isSecret(field) ? `${field} differs; ` : `${field} ${arrow(from, to)}; `;
    if (text !== '' && text.length + next.length > room) {
      return `${text}${fields.length - at} more field${fields.length - at === 1 ? '' : 's'}; `;
    }
    text += next;
  }
  return text;
}

function arrow(from: unknown, to: unknown): string {
  if (to === undefined) return 'removed';
  return from === undefined ? show(to) : `${show(from)} → ${show(to)}`;
}

function show(value: unknown): string {
  if (value === undefined || value === null) return 'none';
  const text = typeof value === 'string' && /^[A-Z_]+$/.test(value) ? value : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
