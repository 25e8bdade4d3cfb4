/** `npm run build:pages`: builds pages/ into pages/built/. With `--if-older` only where it has to be. */
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildDocs, docsSources } from './build-docs.ts';
import { root } from './command.ts';

/** Each is a folder of its own. */
export const pages = ['sandbox', 'status'];
const sources = join(root, 'pages');
/** For those who run the sources. */
const built = join(sources, 'built');

/** A folder a page, each with all it needs, and one of the documentation: all of them, or where one cannot be built those that were there before. */
export async function buildPages(folder = built, from = sources): Promise<void> {
  const fresh = `${folder}.${process.pid}`;
  try {
    for (const page of pages) await buildPage(join(from, page), join(fresh, page));
    buildDocs(join(fresh, 'docs'));
    rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

async function buildPage(source: string, outDir: string): Promise<void> {
  const { build } = await import('vite');
  await build({
    configFile: false,
    logLevel: 'warn',
    root: source,
    // The page may be served below any path.
    base: './',
    build: {
      outDir,
      emptyOutDir: true,
      license: { fileName: 'licences.md' },
      target: ['chrome123', 'firefox120', 'safari17.5'],
      modulePreload: false,
      // Its Content-Security-Policy lets nothing in that is written into it.
      assetsInlineLimit: 0,
    },
  });
}

/** Builds them when a source is newer than what was built. */
export async function buildOlderPages(): Promise<void> {
  if (isOlder()) await buildPages();
}

function isOlder(): boolean {
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('built') && !name.endsWith('.test.ts'))
    .map((name) => join(sources, name));
  const newest = [...files, ...docsSources().map((name) => join(root, name))]
    .map((file) => statSync(file).mtimeMs)
    .reduce((a, b) => Math.max(a, b), 0);
  return [...pages, 'docs'].some((page) => {
    const file = join(built, page, 'index.html');
    return !existsSync(file) || statSync(file).mtimeMs < newest;
  });
}

if (import.meta.main) await (process.argv.includes('--if-older') ? buildOlderPages() : buildPages());
