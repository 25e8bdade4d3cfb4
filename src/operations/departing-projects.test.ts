import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import type { ProjectId } from '../openstack/model.ts';
import { DepartingProjects } from './departing-projects.ts';

test('projects whose deletion was requested more than an hour ago are forgotten, in memory and in the file', async () => {
  const clock = new ManualClock();
  const dataDir = mkdtempSync(join(tmpdir(), 'departing-'));
  const departing = new DepartingProjects({ dataDir, clock });
  for (let number = 0; number < 20; number++) await departing.add(`p${number}` as ProjectId);
  clock.advance(3_600_000);
  const onTheHour = await departing.read();
  clock.advance(1_000);

  await departing.add('late' as ProjectId);

  expect(onTheHour.size).toBe(20);
  expect(departing.size).toBe(1);
  expect([...(await departing.read())]).toEqual(['late']);
  const file = readFileSync(join(dataDir, 'departing-projects.json'), 'utf8');
  expect(Object.keys(JSON.parse(file) as object)).toEqual(['late']);
});
