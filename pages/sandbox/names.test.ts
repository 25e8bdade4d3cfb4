import { expect, test } from 'vitest';
import { sharedEnding, stackEnding } from './names.ts';

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
