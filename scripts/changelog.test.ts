import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { releaseNotes } from './changelog.ts';
import { root } from './command.ts';

const { version } = manifest;

test('the version of the package has its notes, below what comes after it at most', () => {
  const headings = [...readFileSync(join(root, 'CHANGELOG.md'), 'utf8').matchAll(/^## (.+)$/gm)];

  const [first, second] = headings.map(([, heading = '']) => heading);

  const released = first === 'Unreleased' ? second : first;
  expect(released?.split(' - ')[0]).toBe(version);
  expect(released).toMatch(/^\S+ - \d{4}-\d\d-\d\d$/);
});

test('nothing is released whose notes are not those of its version', () => {
  expect(
    releaseNotes(
      `# Changelog\n\n## ${version} - 2026-01-31\n\n### Added\n\n- This.\n\n## 0.1.0 - 2025-01-31\n\n- That.\n`,
    ),
  ).toBe('### Added\n\n- This.\n');
  for (const heading of ['Unreleased', version, `${version}1 - 2026-01-31`, '0.1.0 - 2026-01-31'])
    expect(() => releaseNotes(`# Changelog\n\n## ${heading}\n`)).toThrow(`begins with "${heading}"`);
  expect(() => releaseNotes('# Changelog\n')).toThrow('begins with "nothing"');
});
