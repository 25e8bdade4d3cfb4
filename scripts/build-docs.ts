/** Makes pages of the documentation, for the service to serve where nobody reaches the repository. */
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { Marked } from 'marked';
import { root } from './command.ts';

/** What is made into pages, from the root of the checkout. README.md is the first of them. */
export const docsSources = () =>
  ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', ...globSync('docs/**/*.md', { cwd: root })].sort();
const styles = ['pages/shared/theme.css', 'pages/docs/docs.css'];

/** Writes a page for each document, the pictures that they show, and their style, into a folder. */
export function buildDocs(folder: string): void {
  const documents = docsSources();
  const pictures = new Set<string>();
  for (const document of documents) {
    const { html, shows } = renderDocument(document, readFileSync(join(root, document), 'utf8'), documents);
    for (const picture of shows) pictures.add(picture);
    write(join(folder, pageOf(document)), html);
  }
  for (const picture of pictures) cpSync(join(root, picture), join(folder, pageOf(picture)));
  cpSync(join(root, 'pages/status/icon.svg'), join(folder, 'icon.svg'));
  write(join(folder, 'docs.css'), styles.map((style) => readFileSync(join(root, style), 'utf8')).join('\n'));
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Where a document or picture stands among the pages: `docs/scale.md` is `scale.html`, README.md `index.html`. */
function pageOf(source: string): string {
  if (source === 'README.md') return 'index.html';
  return source.replace(/^docs\//, '').replace(/\.md$/, '.html');
}

/**
 * A document as a page. Links between documents lead from page to page; of a link to anything else in the repository only
 * its text is left.
 *
 * @returns the page, and the pictures that it shows, from the root of the checkout
 */
export function renderDocument(source: string, text: string, documents: readonly string[]) {
  const shows: string[] = [];
  const page = pageOf(source);
  const hrefTo = (target: string) => posix.relative(posix.dirname(page), pageOf(target));
  const within = (href: string) => posix.join(posix.dirname(source), href);
  const marked = new Marked({
    renderer: {
      heading(content, level, raw) {
        return `<h${level} id="${anchorOf(raw)}">${content}</h${level}>\n`;
      },
      link(href, _title, content) {
        const [path = '', anchor] = href.split('#');
        const fragment = anchor === undefined ? '' : `#${anchor}`;
        if (path === '') return `<a href="${fragment}">${content}</a>`;
        if (/^[a-z]+:/.test(href)) return `<a href="${escape(href)}" rel="noreferrer">${content}</a>`;
        const target = within(path);
        return documents.includes(target) ? `<a href="${hrefTo(target)}${fragment}">${content}</a>` : content;
      },
      // A corner of a table heads nothing.
      tablecell(content, { header }) {
        const tag = header && content !== '' ? 'th scope="col"' : 'td';
        return `<${tag}>${content}</${tag.slice(0, 2)}>\n`;
      },
      image(href, _title, alternative) {
        const target = within(href);
        shows.push(target);
        return `<img src="${hrefTo(target)}" alt="${escape(alternative)}">`;
      },
      // Comments for those who edit the document.
      html: () => '',
    },
  });
  const content = marked.parse(text) as string;
  const [, title = page] = /^# (.+)$/m.exec(text) ?? [];
  const up = '../'.repeat(page.split('/').length - 1);
  const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escape(title.replaceAll('`', ''))}</title>
    <link rel="icon" href="${up}icon.svg">
    <link rel="stylesheet" href="${up}docs.css">
  </head>
  <body>
    <header class="top">
      <nav aria-label="Elsewhere">
        <a href="${up}index.html#documentation">All documentation</a>
        <a href="${up}../">Service status</a>
      </nav>
    </header>
    <main>
${content}
    </main>
  </body>
</html>
`;
  return { html, shows };
}

/** As GitHub makes them of headings. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
