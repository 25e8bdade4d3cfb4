import { nobody, type ShownKind, type Tally } from './census.ts';
import type { Held } from './change.ts';
import type { PortalIndex } from './portal-index.ts';

/** A kind whose removals are too many, and the owners who therefore keep theirs. */
export interface Finding {
  readonly kind: ShownKind;
  readonly total: Tally;
  /** Owners whose own part is too much; undefined: nothing is removed from any owner. */
  readonly owners: readonly string[] | undefined;
  readonly stops: (owner: string) => boolean;
}

/** What warnings call each kind, and the kind of object that is then held. */
export const nouns = {
  server: { one: 'device', held: 'device' },
  volume: { one: 'volume', held: 'device' },
  network: { one: 'network', held: 'device' },
  rack: { one: 'rack', held: 'rack' },
  template: { one: 'template', held: 'template' },
} as const satisfies Record<ShownKind, { readonly one: string; readonly held: Held['kind'] }>;

/**
 * @param missing what is missing from the cloud without proof of its deletion
 * @param decided what the plan itself would take away
 */
export function warningsOf(
  missing: readonly Finding[],
  decided: readonly Finding[],
  index: PortalIndex,
): string[] {
  const warnings: string[] = [];
  if (missing.length > 0) {
    warnings.push(
      `${countsOf(missing)} are missing from OpenStack without proof of their deletion; ${whoKeeps(missing, index)} deleted. ` +
        'Is this the right cloud, and do the credentials still see all projects? If they are really gone, ' +
        '`allow-deletions` lists them and lets the running service delete them once; or raise updates.max_deletions.',
    );
  }
  if (decided.length > 0) {
    warnings.push(
      `${countsOf(decided)} would be deleted or recreated, because of the configuration or because the cloud shows them in other ` +
        `racks or with other flavors; ${whoKeeps(decided, index)} deleted or recreated. Look at \`plan\`; if it is right, ` +
        '`allow-deletions` lets the running service do it once; or raise updates.max_deletions.',
    );
  }
  return warnings;
}

function countsOf(findings: readonly Finding[]): string {
  return listed(findings.map(({ kind, total }) => `${total.absent} of ${total.owned} ${nouns[kind].one}s`));
}

/** Names of users, as many as a line has room for. */
const mostNamed = 3;

function whoKeeps(findings: readonly Finding[], index: PortalIndex): string {
  if (findings.some(({ owners }) => owners === undefined)) return 'none of them is';
  const logins = new Map([...index.owners.values()].map(({ id, name }) => [String(id), name]));
  const owners = [...new Set(findings.flatMap(({ owners }) => owners ?? []))];
  if (owners.includes(nobody)) return 'none of them is';
  const named = owners.slice(0, mostNamed).map((owner) => logins.get(owner) ?? owner);
  const more = owners.length - named.length;
  return `nothing of ${listed([...named, ...(more > 0 ? [`${more} other users`] : [])])} is`;
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join() : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}
