/**
 * `npm run docs`: writes the files that are made from the code. With `--check` it only says which of them are not what it
 * would write, and ends with 1 if any.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './command.ts';
import { generatedDocs } from './generated-docs.ts';

const isChecking = process.argv.includes('--check');

for (const [path, render] of Object.entries(generatedDocs)) {
  const file = join(root, path);
  const text = await render();
  if (!isChecking) writeFileSync(file, text);
  else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    console.error(`${path} is not what its source makes: run npm run docs`);
    process.exitCode = 1;
  }
}
