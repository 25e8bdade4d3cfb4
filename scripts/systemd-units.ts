import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './command.ts';

/** The components under the names that the first version gave them. */
const named = ['api_server', 'updates_bulk', 'updates_mq', 'metrics'] as const;

const template = 'concertim@.service';

/** All unit files, as they stand in systemd/. */
export const unitFiles = [template, ...named.map((name) => `concertim_${name}.service`)];

/** The unit of one component alone: the template without its placeholder. */
function renderUnit(name: string): string {
  const text = readFileSync(join(root, 'systemd', template), 'utf8');
  const body = text.slice(text.indexOf('[Unit]'));
  return `# Written from ${template} by \`npm run docs\`.\n${body.replaceAll('%i', name)}`;
}

/** The units that are written from the template, by their path from package.json. */
export const renderedUnits = Object.fromEntries(
  named.map((name) => [`systemd/concertim_${name}.service`, () => renderUnit(name)]),
);
