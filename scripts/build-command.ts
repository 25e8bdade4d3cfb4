import { join } from 'node:path';
import { root } from './command.ts';

/** What is loaded in another way in the bundle, or not at all. */
const loadedOtherwise: readonly { readonly of: string; readonly code: RegExp; readonly instead: string }[] = [
  // A require of its own starts sooner than an import where nothing is bundled, but no bundler follows it.
  { of: '/src/http/undici.ts', code: /\bload(?=\(['"]undici)/g, instead: 'require' },
  // For the first server that speaks HTTP/2: it loads Node's own.
  {
    of: '/undici/lib/dispatcher/client.js',
    code: /(?<=const connectH2 = )(require\('.\/client-h2.js'\))/g,
    instead: '(...of) => $1(...of)',
  },
  // Node's own HTTP: undici only wants its usual limit, and the class of bodies that we do not send.
  {
    of: '/undici/lib/dispatcher/client.js',
    code: /(?<=const http = )require\('node:http'\)/g,
    instead: '{ maxHeaderSize: 16_384 }',
  },
  {
    of: '/undici/lib/core/util.js',
    code: /const { IncomingMessage } = require\('node:http'\)/g,
    instead: 'const IncomingMessage = undefined',
  },
  // Its experimental parser of HTTP/1, which Node's own copy of undici leaves out in the same way.
  {
    of: '/undici/lib/dispatcher/client-h1.js',
    code: /typeof esbuildDetection === 'undefined'/g,
    instead: 'false',
  },
  // What runs a subcommand that is a program of its own: none of ours is.
  {
    of: '/commander/lib/command.js',
    code: /import childProcess from 'node:child_process'/g,
    instead: 'const childProcess = undefined',
  },
  // To look for the time loads what measures performance. Ours are given a clock, or need no time.
  {
    of: '/lru-cache/dist/esm/node/index.min.js',
    code: /typeof performance=="object"&&performance&&typeof performance\.now=="function"\?performance:Date/g,
    instead: 'Date',
  },
  // What writes logs from a thread of its own: ours are written by the main one.
  {
    of: '/pino/lib/transport.js',
    code: /(?<=const ThreadStream = )require\('thread-stream'\)/g,
    instead: 'undefined',
  },
  {
    of: '/pino/lib/tools.js',
    code: /const { isMainThread } = require\('worker_threads'\)/g,
    instead: 'const isMainThread = true',
  },
  // What sends metrics elsewhere, or gathers those of other processes: Prometheus asks each of ours.
  {
    of: '/@prometheus-io/client/index.js',
    code: /require\('\.\/lib\/(?:pushgateway|cluster|worker)'\)/g,
    instead: 'undefined',
  },
  // For examples of traces beside its figures: ours have none.
  {
    of: '/@prometheus-io/client/lib/metrics/processCpuTotal.js',
    code: /require\('@opentelemetry\/api'\)/g,
    instead: 'undefined',
  },
];

const loadOtherwise = {
  name: 'load-otherwise',
  transform(code: string, id: string) {
    const changes = loadedOtherwise.filter(({ of }) => id.endsWith(of));
    if (changes.length === 0) return null;
    return changes.reduce((text, change) => {
      const changed = text.replaceAll(change.code, change.instead);
      if (changed === text) throw new Error(`${id} does not load what build-command.ts expects.`);
      return changed;
    }, code);
  },
};

/** An import of one of Node's modules runs all its getters, and loads what is behind each. */
const builtinsWithoutGetters = {
  name: 'builtins-without-getters',
  renderChunk: (code: string) =>
    code.replaceAll(
      /^import (?:([\w$]+)(?:, )?)?(\{.*\})? from "(node:.+)";$/gm,
      (_, whole: string | undefined, names: string | undefined, module: string) =>
        [whole, names?.replaceAll(' as ', ': ')]
          .filter((bound) => bound !== undefined)
          .map((bound) => `const ${bound} = process.getBuiltinModule("${module}");`)
          .join(' '),
    ),
};

/** One character beyond Latin-1 doubles what V8 reads, decodes and keeps of a file. */
const inAscii = {
  name: 'in-ascii',
  renderChunk: (code: string) =>
    code.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
};

/**
 * Modules whose commands start most often, in the order in which they are loaded: `health` every half minute. What each imports, and the
 * ones before it do not, is one file. Without that a bundler makes a file of whatever the same commands share, and a start of
 * `run` reads 43 of them.
 */
const layers = ['main', 'health', 'run', 'run-components'];

interface Modules {
  getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null;
}

/** What a module imports, itself or by others; what is loaded later, by `import()`, is not among it. */
function importedBy(entry: string, modules: Modules): ReadonlySet<string> {
  const found = new Set(modules.getModuleInfo(entry)?.importedIds);
  // A set that grows while it is read is read to its end.
  for (const id of found) for (const next of modules.getModuleInfo(id)?.importedIds ?? []) found.add(next);
  return found;
}

/** A module is of the first group that names it. */
function groupOf(layer: string) {
  let modules: ReadonlySet<string> | undefined;
  return {
    debugName: layer,
    name(id: string, context: Modules) {
      modules ??= importedBy(join(root, `src/cli/${layer}.ts`), context);
      return modules.has(id) ? `for-${layer}` : null;
    },
  };
}

/**
 * Bundles the command with the packages that it needs into a few files, those of `layers` and one for each part that is loaded where
 * it is used: to find, read and compile hundreds of modules is most of what a start takes. It stands as deep as the modules do, whose
 * paths to what is beside them lead to the same places. Licences of what is in it are in `licences.md`.
 */
export async function buildCommand(outDir: string): Promise<void> {
  const { build } = await import('vite');
  await build({
    configFile: false,
    logLevel: 'warn',
    root,
    plugins: [loadOtherwise, builtinsWithoutGetters, inAscii],
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
          codeSplitting: { groups: layers.map(groupOf) },
        },
      },
    },
  });
}
