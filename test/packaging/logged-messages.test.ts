import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { logEvents } from '../../src/observability/log-events.ts';

const checkout = resolve(import.meta.dirname, '../..');
const told = ['info', 'warn', 'error'];

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

const listed = Object.values(logEvents).flat();

test('every warning and error is in the list of log events, and every listed event is logged', () => {
  const logged = loggedMessages();
  const isProblem = (text: string) => !text.startsWith('info ');

  const texts = listed.map(({ level, message }) => `${level} ${message}`);
  expect(texts.filter(isProblem).toSorted()).toEqual(logged.filter(isProblem));
  expect(texts.filter((text) => !logged.includes(text))).toEqual([]);
  expect(logged.length).toBeGreaterThan(30);
});

test('a code stands for one message', () => {
  const messages = Map.groupBy(listed, ({ code }) => code);

  expect(
    [...messages].filter(([, events]) => new Set(events.map(({ message }) => message)).size > 1),
  ).toEqual([]);
});
