import { join, parse } from 'node:path';
import { root } from './command.ts';

/** `src/http/undici.ts` loads undici by a require of its own, which starts sooner than an import where nothing is bundled, and no bundler follows. */
const undiciInside = {
  name: 'undici-inside',
  transform(code: string, id: string) {
    if (!id.endsWith('/src/http/undici.ts')) return null;
    const followed = code.replaceAll(/\bload(?=\(['"]undici)/g, 'require');
    if (followed === code) throw new Error(`${id} does not load undici as build-command.ts expects.`);
    return followed;
  },
};

/**
 * Modules that start most often, in the order in which they are loaded: `health` every half minute. Each is one file with all that
 * it imports and the ones before it do not have. Without that a bundler makes a file of whatever the same commands
 * share, and a start reads 43 of them.
 */
const layers = ['src/cli/command-line.ts', 'src/cli/health.ts', 'src/cli/run.ts'].map((path) =>
  join(root, path),
);

type Imports = (id: string) => readonly string[];

/** A module with all that it imports itself or by others; what is loaded later, by `import()`, is not among it. */
function closureOf(entry: string, importsOf: Imports): ReadonlySet<string> {
  const closure = new Set([entry]);
  // A set that grows while it is read is read to its end.
  for (const id of closure) for (const imported of importsOf(id)) closure.add(imported);
  return closure;
}

/** Which file of the bundle a module belongs to, by `layers`; null: the bundler decides. */
function layerOf() {
  let closures: ReadonlySet<string>[] | undefined;
  return (id: string, importsOf: Imports): string | null => {
    closures ??= layers.map((entry) => closureOf(entry, importsOf));
    const entry = layers[closures.findIndex((closure) => closure.has(id))];
    return entry === undefined ? null : parse(entry).name;
  };
}

/**
 * Bundles the command with the packages that it needs into a few files, those of `layers` and one for each part that is loaded where
 * it is used: to find, read and compile hundreds of modules is most of what a start takes. It stands as deep as the modules do, whose
 * paths to what is beside them lead to the same places. Licences of what is in it are in `licences.md`.
 */
export async function buildCommand(outDir: string): Promise<void> {
  const { build } = await import('vite');
  const layer = layerOf();
  await build({
    configFile: false,
    logLevel: 'warn',
    root,
    plugins: [undiciInside],
    ssr: { noExternal: true },
    build: {
      ssr: 'src/cli/main.ts',
      outDir,
      emptyOutDir: true,
      target: 'node22.19',
      // Errors and profiles name what they are about.
      minify: false,
      license: { fileName: 'licences.md' },
      rolldownOptions: {
        output: {
          entryFileNames: '[name].js',
          chunkFileNames: '[name]-[hash].js',
          // They are read at each start.
          comments: false,
          codeSplitting: {
            groups: [
              {
                debugName: 'layers',
                name: (id, context) => layer(id, (of) => context.getModuleInfo(of)?.importedIds ?? []),
              },
            ],
          },
        },
      },
    },
  });
}
