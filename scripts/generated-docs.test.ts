import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './command.ts';
import { generatedDocs } from './generated-docs.ts';

test.each(Object.entries(generatedDocs))('%s is what `npm run docs` writes', async (path, render) => {
  expect(readFileSync(join(root, path), 'utf8')).toBe(await render());
});
