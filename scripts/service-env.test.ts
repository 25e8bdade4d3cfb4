import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './command.ts';
import { serviceEnv } from './service-env.ts';

const settings = Object.entries(serviceEnv).map(([name, value]) => `${name}=${value}`);

test('what is measured has the environment that units and images give', () => {
  const unit = readFileSync(join(root, 'systemd/concertim@.service'), 'utf8').split('\n');
  const image = readFileSync(join(root, 'Dockerfiles/Dockerfile'), 'utf8').split('\n');

  expect(unit).toEqual(expect.arrayContaining(settings.map((setting) => `Environment=${setting}`)));
  expect(image).toContain(`ENV ${settings.join(' ')}`);
});
