import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { buildDocs, docsSources, renderDocument } from './build-docs.ts';

test('every link and picture of the pages leads to a file that is there, and to a heading in it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'build-docs-'));
  try {
    buildDocs(folder);
    const pages = globSync('**/*.html', { cwd: folder });
    const links = pages.flatMap((page) =>
      [...readFileSync(join(folder, page), 'utf8').matchAll(/(?:href|src)="([^"]+)"/g)].map(
        ([, to = '']) => ({ page, to }),
      ),
    );
    // The page of the service itself stands above.
    const within = links.filter(({ to }) => !/^[a-z]+:/.test(to) && !/^(?:\.\.\/)+$/.test(to));

    const broken = within.filter(({ page, to }) => {
      const [path = '', anchor] = to.split('#');
      const file = path === '' ? join(folder, page) : join(folder, dirname(page), path);
      if (!existsSync(file)) return true;
      return anchor !== undefined && !readFileSync(file, 'utf8').includes(`id="${anchor}"`);
    });

    expect(pages).toHaveLength(docsSources().length);
    expect(within.length).toBeGreaterThan(300);
    expect(broken).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a link into the repository is its text, and markup of a document is not run', () => {
  const text =
    '# A & B\n\n<script>1</script>\n\n[code](../src/index.ts), [scale](scale.md#why), [x](https://example.org/?a&b)';

  const { html } = renderDocument('docs/cli.md', text, ['docs/cli.md', 'docs/scale.md']);

  expect(html).toContain('<title>A &amp; B</title>');
  expect(html).not.toContain('<script>');
  expect(html).toContain(
    '<p>code, <a href="scale.html#why">scale</a>, <a href="https://example.org/?a&amp;b"',
  );
});
