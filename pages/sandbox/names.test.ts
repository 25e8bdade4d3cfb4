import { expect, test } from 'vitest';
import { sharedEnding, shortNames, stackEnding } from './names.ts';

test.each([
  [['node01-render-alces', 'node02-render-alces'], '-render-alces'],
  [['web.prod.example', 'db.prod.example'], '.prod.example'],
  [['node01', 'node02'], ''],
  [['alpha', 'beta'], ''],
  [['node01-render'], ''],
  [['same-name', 'same-name'], ''],
  [['prod-a', 'a'], ''],
  [[], ''],
])('of %j the shared ending is %j', (names, ending) => {
  expect(sharedEnding(names)).toBe(ending);
});

test.each([
  ['render--G6jcbZ71Jmun7D-q_8Zk1w', '--G6jcbZ71Jmun7D-q_8Zk1w'],
  ['render--short', ''],
  ['render', ''],
])('of the stack %s the ending is %j', (name, ending) => {
  expect(stackEnding(name)).toBe(ending);
});

const stack = 'render--G6jcbZ71Jmun7D-q_8Zk1w';
const volume = (part: string) => `${stack}-node-group-akkyalcuxkce-${part}-node-volume-bsken3pcmhyr`;

test('volumes of a rack are distinguished by what differs in their names', () => {
  const names = [`${stack}-gw-volume-unq4hhawoiy2`, volume('0-lenwncujk4o4'), volume('1-zd6feynfeag3')];

  expect(shortNames([...names, 'render.network'], stack)).toEqual([
    'gw-volume',
    'node-group-0-node-volume',
    'node-group-1-node-volume',
    'render.network',
  ]);
});

test('what only the random parts tell apart keeps them', () => {
  const names = [`${stack}-data-unq4hhawoiy2`, `${stack}-data-bsken3pcmhyr`];

  expect(shortNames(names, stack)).toEqual(['data-unq4hhawoiy2', 'data-bsken3pcmhyr']);
});

test('the underscores of a stack are hyphens in the names of its devices', () => {
  const names = ['data', 'scratch'].map((part) => `cfd-runs--G6jcbZ71Jmun7D-q-8Zk1w-${part}-unq4hhawoiy2`);

  expect(shortNames(names, 'cfd_runs--G6jcbZ71Jmun7D-q_8Zk1w')).toEqual(['data', 'scratch']);
});
