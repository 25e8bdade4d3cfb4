/** `npm run docs`: writes the files that are made from the code. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './command.ts';
import { generatedDocs } from './generated-docs.ts';

for (const [path, render] of Object.entries(generatedDocs)) writeFileSync(join(root, path), await render());
