import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };
import { root } from '../../scripts/command.ts';

const folder = join(root, '.github/workflows');
const workflows = readdirSync(folder).map((name) => ({
  name,
  jobs: (
    parse(readFileSync(join(folder, name), 'utf8')) as {
      jobs: Record<string, { 'timeout-minutes'?: number; steps: { run?: string; uses?: string }[] }>;
    }
  ).jobs,
}));
const steps = workflows.flatMap(({ name, jobs }) =>
  Object.values(jobs).flatMap((job) => job.steps.map((step) => ({ name, ...step }))),
);
const runs = steps.flatMap(({ run }) => run ?? []);

test('every script that a workflow runs is one of the package', () => {
  const scripts = runs.flatMap((run) => /npm run (\S+)/.exec(run)?.slice(1) ?? []);

  expect(scripts.length).toBeGreaterThan(2);
  expect(scripts.filter((script) => !Object.hasOwn(manifest.scripts, script))).toEqual([]);
});

test('every file that a workflow runs or tests is there', () => {
  const files = runs.flatMap((run) => run.match(/(?:\.ci|test)\/\S+/g) ?? []);

  expect(files).toContain('.ci/run');
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test('every action is named by its commit, with the version beside it, and every job ends by itself', () => {
  const actions = workflows.flatMap(({ name }) =>
    [...readFileSync(join(folder, name), 'utf8').matchAll(/uses: (.*)/g)].map(([, action = '']) => action),
  );
  const jobs = workflows.flatMap((workflow) => Object.values(workflow.jobs));

  expect(actions).toHaveLength(steps.filter(({ uses }) => uses !== undefined).length);
  expect(actions.filter((action) => !/^\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
  expect(jobs.filter((job) => job['timeout-minutes'] === undefined)).toEqual([]);
});

test('the package is tried on every version of Node that it says it runs on', () => {
  const text = readFileSync(join(folder, 'ci.yaml'), 'utf8');
  const [, tried = ''] = /node: \[(.*)\]/.exec(text) ?? [];
  const engines = manifest.engines.node.match(/(?<=[\^=])\d+/g);

  expect(tried.split(', ')).toEqual(engines);
});

test('dependabot knows each kind of dependency that there is', () => {
  const { updates } = parse(readFileSync(join(root, '.github/dependabot.yml'), 'utf8')) as {
    updates: { 'package-ecosystem': string; directory: string }[];
  };

  expect(updates.map((update) => update['package-ecosystem']).sort()).toEqual([
    'docker',
    'github-actions',
    'npm',
  ]);
  for (const { directory } of updates) expect(existsSync(join(root, directory))).toBe(true);
});
