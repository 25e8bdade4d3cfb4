/** What is read of CycloneDX as `npm sbom` writes it; the rest of a component stays as it is. */
export interface Bill {
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly properties: readonly { readonly name: string; readonly value: string }[];
}

const development = 'cdx:npm:package:development';
const bundled = 'cdx:npm:package:bundled';

/**
 * The bill of materials of what is delivered: what npm installs with the package, and what is for development by
 * package.json but bundled into the command or a page.
 *
 * @param bill of everything that is locked
 * @param licenceLists what the bundler wrote of the packages that it took
 */
export function billOfMaterials<T extends Bill>(bill: T, licenceLists: readonly string[]): T {
  const isBundled = new Set(licenceLists.flatMap(packagesIn));
  const components = bill.components.flatMap((component): Component[] => {
    if (!component.properties.some(({ name }) => name === development)) return [component];
    if (!isBundled.has(component['bom-ref'])) return [];
    return [{ ...component, properties: [{ name: bundled, value: 'true' }] }];
  });
  const missing = [...isBundled].filter((ref) => !components.some((each) => each['bom-ref'] === ref));
  if (missing.length > 0) throw new Error(`bundled, but not locked: ${missing.join(', ')}`);
  // The package itself is no component of its own.
  const itself = bill.dependencies.filter(
    ({ ref }) => !bill.components.some((each) => each['bom-ref'] === ref),
  );
  const kept = new Set(
    [...components, ...itself].map((each) => ('ref' in each ? each.ref : each['bom-ref'])),
  );
  const dependencies = bill.dependencies
    .filter(({ ref }) => kept.has(ref))
    .map((each) => ({ ...each, dependsOn: each.dependsOn.filter((ref) => kept.has(ref)) }));
  return { ...bill, components, dependencies };
}

/** Each as `name@version`: a heading such as `## preact - 11.2.0 (MIT)` in the bundler's list of licences. */
function packagesIn(licences: string): string[] {
  return [...licences.matchAll(/^## (\S+) - (\S+) \(/gm)].map(([, name, version]) => `${name}@${version}`);
}
