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
 * Bundles the command with the packages that it needs into a few files, one for each part that is loaded where it is used: to
 * find, read and compile hundreds of modules is most of what a start takes. It stands as deep as the modules do, whose
 * paths to what is beside them lead to the same places. Licences of what is in it are in `licences.md`.
 */
export async function buildCommand(outDir: string): Promise<void> {
  const { build } = await import('vite');
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
        output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  });
}
