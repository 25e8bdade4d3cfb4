/** Fails where comments, messages, pages or docs use a phrase of the word list, with what to write instead. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './command.ts';
import { oldPhrases } from './word-list.ts';

/** History, other people's words, and the word list. */
const exempt = /^docs\/decisions\/|\/licences\.md$|^scripts\/word-list\.ts$|\.test\.ts$/;

const files = ['src', 'pages', 'scripts', 'docs']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  )
  .concat('README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md')
  .filter((path) => /\.(?:tsx?|css|md)$/.test(path) && !exempt.test(path));

/** What is released stays as it was. */
const unreleased = readFileSync(join(root, 'CHANGELOG.md'), 'utf8').split(/^## (?!Unreleased)/m, 1)[0] ?? '';

const problems = [
  ...files.flatMap((path) => oldPhrases(path, readFileSync(join(root, path), 'utf8'))),
  ...oldPhrases('CHANGELOG.md', unreleased),
];
console.log(`${files.length + 1} files read, ${problems.length} phrases to replace`);
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exitCode = 1;
}
