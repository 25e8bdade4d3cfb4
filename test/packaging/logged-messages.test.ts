import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const checkout = resolve(import.meta.dirname, '../..');
const told = ['warn', 'error'];

/** Every `log.warn(…, 'message')` and `log.error(…)` of the sources, as `warn message`. */
function loggedMessages(): string[] {
  const files = readdirSync(join(checkout, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
  );
  const found: string[] = [];
  for (const file of files) {
    const text = readFileSync(join(checkout, 'src', file), 'utf8');
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node)) found.push(...messageOf(node, file));
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  }
  return [...new Set(found)].sort();
}

function messageOf({ expression, arguments: given }: ts.CallExpression, file: string): string[] {
  if (!ts.isPropertyAccessExpression(expression) || !told.includes(expression.name.text)) return [];
  // What a command says to whoever typed it explains itself.
  if (ts.isIdentifier(expression.expression) && expression.expression.text === 'console') return [];
  const message = given.at(-1);
  if (!message || !ts.isStringLiteral(message)) throw new Error(`${file} logs a message that is no constant`);
  return [`${expression.name.text} ${message.text}`];
}

/** What the tables of docs/operating.md explain: the same, from `| warn | `message` | what it means | what to do |`. */
function explainedMessages(): string[] {
  const text = readFileSync(join(checkout, 'docs/operating.md'), 'utf8');
  const rows = [...text.matchAll(/^\| (\w+) \| `([^`]+)` \| [^|]+ \| [^|]+ \|$/gm)];
  return rows
    .filter(([, level = '']) => told.includes(level))
    .map(([, level, message]) => `${level} ${message}`)
    .sort();
}

test('docs/operating.md tells of every warning and error what it means and what to do, and of no other', () => {
  const logged = loggedMessages();

  expect(explainedMessages()).toEqual(logged);
  expect(logged.length).toBeGreaterThan(30);
});
