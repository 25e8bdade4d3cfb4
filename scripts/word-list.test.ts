import { expect, test } from 'vitest';
import { oldPhrases } from './word-list.ts';

const told = '"told": write "called with", "receives", "logged", "reported", "distinguished"';

test.each([
  ['a comment', 'a.ts', 'const told = 1;\n// It is told.\n', 2],
  ['a comment behind code', 'a.ts', 'const told = 1; // It is told.\n', 1],
  ['the last comment of a block', 'a.ts', 'function f() {\n  f();\n  /* told */\n}\n', 3],
  ['a docstring', 'a.ts', '/**\n * Is told.\n */\nexport const a = 1;\n', 2],
  ['a string', 'a.ts', "const told = [told,\n 'is told'];\n", 2],
  ['a template before an expression', 'a.ts', 'a(`is told ${told}\n`);\n', 1],
  ['a template behind an expression', 'a.ts', 'a(`${told}\n is told`);\n', 2],
  ['the text of a page', 'a.tsx', 'const a = <p title={told}>\n  You are told.\n</p>;\n', 2],
  ['an attribute of a page', 'a.tsx', 'const a = <p title="told">{told}</p>;\n', 1],
  ['a style sheet', 'a.css', '.told {\n}\n/* told\n */\n', 3],
  ['a document', 'a.md', '`told`\n\n```\ntold\n```\n\nYou are told.\n', 7],
])('%s is read, and the code around it is not', (_, path, text, line) => {
  expect(oldPhrases(path, text)).toEqual([`${path}:${line} ${told}`]);
});

test('names and what is imported may be called anything', () => {
  const code = "import { told } from './told.ts';\nexport * from './asked.ts';\nconst asked = told.shall;\n";

  expect(oldPhrases('a.ts', code)).toEqual([]);
});

test.each([
  ['a.md', 'Things of\nwhich there are two.\n', '"of which"'],
  ['a.ts', '// Things of\n// which there are two.\n', '"of which"'],
  ['a.ts', '/**\n * Things of\n * which there are two.\n */\nconst a = 1;\n', '"of which"'],
  ['a.md', '> the portal goes\n> away\n', '"goes away"'],
])('a phrase on two lines is found in %s', (path, text, found) => {
  expect(oldPhrases(path, text)).toEqual([expect.stringContaining(found)]);
});

test('phrases in code are not joined to those in prose', () => {
  expect(oldPhrases('a.md', 'the name of `x` which is there\n')).toEqual([]);
  expect(oldPhrases('a.ts', "// the name of\nconst which = 'which';\n")).toEqual([]);
});

test('whole words count, in capitals too, in the order of their lines', () => {
  expect(oldPhrases('a.md', 'A shallow canewood.\n')).toEqual([]);
  expect(
    oldPhrases('a.md', 'Made anew.\nWhoever asks shall wait.\n').map((line) => line.slice(0, 16)),
  ).toEqual(['a.md:1 "anew": w', 'a.md:2 "shall": ', 'a.md:2 "Whoever"']);
});
