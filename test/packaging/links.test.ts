import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const checkout = resolve(import.meta.dirname, '../..');
const files = globSync(['*.md', 'docs/**/*.md', 'test/**/*.md'], { cwd: checkout });

/** As GitHub makes them of headings. */
function anchorsIn(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    ),
  );
}

test('every link within the documentation leads to a file that is there, and to a heading in it', () => {
  const links = files.flatMap((file) => {
    const text = readFileSync(join(checkout, file), 'utf8').replace(/```[\s\S]*?```/g, '');
    return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => ({ file, link }));
  });
  const within = links.filter(({ link }) => !/^[a-z]+:/.test(link));

  const broken = within.filter(({ file, link }) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? join(checkout, file) : join(checkout, dirname(file), path);
    if (!existsSync(target)) return true;
    return anchor !== undefined && !anchorsIn(readFileSync(target, 'utf8')).has(anchor);
  });

  expect(within.length).toBeGreaterThan(40);
  expect(broken).toEqual([]);
});
