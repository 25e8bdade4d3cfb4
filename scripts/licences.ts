import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './command.ts';

/** One package of package-lock.json. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX; undefined where it says none. */
  readonly licence: string | undefined;
  /** Only for those who work on this: not installed with it. */
  readonly isForDevelopment: boolean;
  readonly integrity: string | undefined;
  readonly hasInstallScript: boolean;
  /** Where it comes from; undefined: the registry that npm is configured with. */
  readonly resolved: string | undefined;
}

interface LockFile {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly version?: string;
        readonly license?: string;
        readonly dev?: boolean;
        readonly integrity?: string;
        readonly hasInstallScript?: boolean;
        readonly resolved?: string;
      }
    >
  >;
}

/** All packages that `npm ci` can install, without this one. */
export function lockedPackages(): LockedPackage[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as LockFile;
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, { version = '', license, dev = false, integrity, hasInstallScript = false, resolved }]) => ({
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      licence: license,
      isForDevelopment: dev,
      integrity,
      hasInstallScript,
      resolved,
    }));
}

/** docs/licences.md: what is installed with this package, by licence. */
export function renderLicences(): string {
  const shipped = lockedPackages().filter(({ isForDevelopment }) => !isForDevelopment);
  const byLicence = [...Map.groupBy(shipped, ({ licence }) => licence ?? 'none')].toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const rows = byLicence.map(([licence, packages]) => {
    const named = packages.map(({ name, version }) => `${name} ${version}`);
    return `| ${licence} | ${[...new Set(named)].sort().join(', ')} |`;
  });
  return `# Licences

<!-- Written from package-lock.json by \`npm run docs\`. -->

This service is under Apache-2.0. What is installed with it is under these, all of them permissive; a test refuses others.
Of what is bundled with the command and the pages, \`licences.md\` beside each in the package's \`dist\` has the whole texts.
\`npm run release\` writes all of them as a bill of materials (CycloneDX).

| licence | packages |
|---|---|
${rows.join('\n')}
`;
}
