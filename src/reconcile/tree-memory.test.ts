import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rack, tree } from '../../test/support/builders.ts';
import { createLogger } from '../observability/logger.ts';
import type { StackId } from '../openstack/model.ts';
import type { StackTree } from '../plan/observation.ts';
import { TreeMemory } from './tree-memory.ts';

let folder: string;
let file: string;
let logged: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trees-'));
  file = join(folder, 'data', 'stack-trees.json');
  logged = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const stackId = 'stack' as StackId;
const memory = () =>
  new TreeMemory({
    file,
    log: createLogger({ level: 'debug', format: 'json', output: { write: (line) => logged.push(line) } }),
  });
const showing = (outputs: string) =>
  rack({ creationOutput: outputs, metadata: { openstack_stack_output: outputs } });

function note(into: TreeMemory, read: StackTree): void {
  if (!read.content) throw new TypeError('a tree without content was not read');
  into.note(read, read.content);
}

async function saved(...trees: readonly StackTree[]): Promise<TreeMemory> {
  const kept = memory();
  await kept.load();
  for (const each of trees) note(kept, each);
  await kept.save();
  return kept;
}

async function loaded(): Promise<TreeMemory> {
  const other = memory();
  await other.load();
  return other;
}

test('what was found is there for the next process', async () => {
  await saved(tree({ servers: ['web'], serverGroups: ['apart'], volumes: ['data'], networks: ['lan'] }));

  const { trees } = await loaded();

  expect([...trees]).toEqual([
    [
      'stack',
      expect.objectContaining({
        servers: ['web'],
        serverGroups: ['apart'],
        volumes: ['data'],
        networks: ['lan'],
      }),
    ],
  ]);
  expect(logged).toEqual([]);
});

test('a stack is known while it has the revision at which it was read and its rack shows the outputs of then', async () => {
  await saved(tree({ revision: '1', outputs: { url: 'http://10.0.0.1/' } }));
  const known = await loaded();
  const shown = showing('url=http://10.0.0.1/');

  expect(known.isShown(stackId, '1', shown)).toBe(true);
  expect(known.isShown(stackId, '1', { ...shown, creationOutput: undefined })).toBe(true);
  expect(known.isShown(stackId, '2', shown)).toBe(false);
  expect(known.isShown('other' as StackId, '1', shown)).toBe(false);
  expect(known.isShown(stackId, '1', { ...shown, creationOutput: 'url=mine' })).toBe(false);
  expect(known.isShown(stackId, '1', { ...shown, creationOutput: null })).toBe(false);
  expect(known.isShown(stackId, '1', { ...shown, metadata: {} })).toBe(false);
  expect(known.isShown(stackId, '1', showing('url=mine'))).toBe(false);
});

test('a stack that may still change under its revision is read again, though its members are known', async () => {
  await saved(tree({ revision: '1', settled: false, servers: ['web'] }));

  const known = await loaded();

  expect(known.isShown(stackId, '1', showing(''))).toBe(false);
  expect(known.trees.get(stackId)?.servers).toEqual(['web']);
});

test('the type of a cluster is kept', async () => {
  await saved(tree({ outputs: { concertim_cluster_type: 'slurm' } }));

  expect((await loaded()).trees.get(stackId)?.clusterType).toBe('slurm');
});

test('no output is in the file, and nobody else may read it', async () => {
  await saved(tree({ outputs: { password: 'canary' } }));

  expect(readFileSync(file, 'utf8')).not.toContain('canary');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, 'data'))).toEqual(['stack-trees.json']);
});

test('of stacks that are gone nothing stays', async () => {
  const kept = await saved(tree({ id: 'a' }), tree({ id: 'b' }));

  kept.retain((id) => id === 'b');
  await kept.save();

  expect([...(await loaded()).trees.keys()]).toEqual(['b']);
});

test('where nothing is new nothing is written', async () => {
  await saved(tree());
  const other = await loaded();
  rmSync(file);

  other.retain(() => true);
  await other.save();

  expect(readdirSync(join(folder, 'data'))).toEqual([]);
});

test.each([
  ['cut short', '{"version":1,"trees":{"stack":{"rev'],
  ['of a later version', '{"version":2,"trees":{}}'],
  ['that is no JSON', 'hello'],
  ['empty', ''],
  ['with another content', '{"version":1,"trees":{"stack":{"servers":[7]}}}'],
])('a file %s is logged once, and begun again', async (_how, text) => {
  await saved(tree());
  writeFileSync(file, text);

  const spoilt = await loaded();
  await spoilt.load();

  expect([...spoilt.trees]).toEqual([]);
  expect(logged).toEqual([expect.stringContaining('stack cache unreadable, reading all stacks')]);
  note(spoilt, tree({ servers: ['web'] }));
  await spoilt.save();
  expect((await loaded()).trees.get(stackId)?.servers).toEqual(['web']);
  expect(logged).toHaveLength(1);
});

test('where the file cannot be written that is logged once, until it can', async () => {
  const kept = memory();
  await kept.load();
  writeFileSync(join(folder, 'data'), 'in the way');
  note(kept, tree({ servers: ['web'] }));

  await kept.save();
  await kept.save();

  expect(logged).toEqual([expect.stringContaining('failed to write stack cache')]);
  rmSync(join(folder, 'data'));
  await kept.save();
  expect((await loaded()).trees.get(stackId)?.servers).toEqual(['web']);
  expect(logged).toHaveLength(1);
});

test('without a file it lasts as long as the process', async () => {
  const kept = new TreeMemory();
  await kept.load();
  note(kept, tree({ servers: ['web'] }));
  await kept.save();

  expect(kept.trees.get(stackId)?.servers).toEqual(['web']);
});
