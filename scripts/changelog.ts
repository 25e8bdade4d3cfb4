import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import { root } from './command.ts';

/** @throws when what would be released is not what CHANGELOG.md has its notes of */
export function checkReleaseNotes(changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8')): void {
  const { version } = manifest;
  const [, heading = 'nothing'] = /^## (.+)$/m.exec(changelog) ?? [];
  if (heading.startsWith(`${version} - `) && /\d{4}-\d\d-\d\d$/.test(heading)) return;
  throw new Error(
    `CHANGELOG.md begins with "${heading}", but package.json has version ${version}. ` +
      `Give the notes their heading, "## ${version} - YYYY-MM-DD", or package.json the next version.`,
  );
}
