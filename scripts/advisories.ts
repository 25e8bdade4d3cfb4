import known from './advisories.json' with { type: 'json' };
import type { LockedPackage } from './licences.ts';

/** A published weakness of a package: from the first of two versions on, up to the second, which mends it. */
type Advisories = Readonly<
  Record<string, readonly { readonly id: string; readonly affected: readonly (readonly string[])[] }[]>
>;

/**
 * The advisories known offline, for places where no registry answers audits. A developer who learns of a vulnerability in one of
 * our packages adds it to advisories.json.
 *
 * @returns `<advisory>: <package> <version>` of each locked package that has one
 */
export function weaknessesOf(
  packages: readonly Pick<LockedPackage, 'name' | 'version'>[],
  advisories: Advisories = known,
): string[] {
  return packages.flatMap(({ name, version }) =>
    (advisories[name] ?? [])
      .filter(({ affected }) =>
        affected.some(
          ([from = '', fixed = '']) => compare(version, from) >= 0 && compare(version, fixed) < 0,
        ),
      )
      .map(({ id }) => `${id}: ${name} ${version}`),
  );
}

/** By numbers: 2.10.0 is above 2.9.0. */
function compare(a: string, b: string): number {
  const [ours = [], theirs = []] = [a, b].map((version) =>
    version.split('.').map((part) => Number.parseInt(part, 10)),
  );
  const at = ours.findIndex((part, index) => part !== theirs[index]);
  return at < 0 ? 0 : (ours[at] ?? 0) - (theirs[at] ?? 0);
}
