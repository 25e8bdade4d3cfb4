import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import { root } from './command.ts';

/**
 * The notes of the version that is released: what CHANGELOG.md says below its heading.
 *
 * @throws when CHANGELOG.md does not begin with dated notes of the version in package.json
 */
export function releaseNotes(changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8')): string {
  const { version } = manifest;
  const [heading = 'nothing', ...lines] = changelog.split(/^## /m)[1]?.split('\n') ?? [];
  if (heading.startsWith(`${version} - `) && /\d{4}-\d\d-\d\d$/.test(heading)) {
    return `${lines.join('\n').trim()}\n`;
  }
  throw new Error(
    `CHANGELOG.md begins with "${heading}", but package.json has version ${version}. ` +
      `Give the notes their heading, "## ${version} - YYYY-MM-DD", or package.json the next version.`,
  );
}
