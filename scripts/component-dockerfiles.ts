import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { earlierNames } from '../src/components.ts';
import { root } from './command.ts';

/** Under the names that the first version gave them, and under all that Concertim's playbook builds in any release. */
const components = ['api_server', 'updates_bulk', 'updates_mq', 'metrics', ...Object.keys(earlierNames)];

/** The file of one component's image: that of all in one with another COMPONENT. */
function renderDockerfile(component: string): string {
  const text = readFileSync(join(root, 'Dockerfiles/Dockerfile'), 'utf8');
  const body = text.slice(text.indexOf('ARG NODE_IMAGE'));
  return `# Written from Dockerfile by \`npm run docs\`.\n${body.replace('COMPONENT=all', `COMPONENT=${component}`)}`;
}

/** The files that are written from the one of all in one, by their path from package.json. */
export const componentDockerfiles = Object.fromEntries(
  components.map((component) => [`Dockerfiles/Dockerfile.${component}`, () => renderDockerfile(component)]),
);
