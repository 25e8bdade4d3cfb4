import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };

const checkout = resolve(import.meta.dirname, '../..');

/** Every name that a program can import, types too, by the door it comes through. */
function publicNames(): Record<string, string[]> {
  const doors = Object.keys(manifest.exports).filter((door) => door !== './package.json');
  const files = doors.map((door) => resolve(checkout, 'src', door, 'index.ts'));
  const { config } = ts.readConfigFile(resolve(checkout, 'tsconfig.json'), (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, checkout);
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  return Object.fromEntries(
    doors.map((door, at) => {
      const source = program.getSourceFile(files[at] ?? '');
      const symbol = source && checker.getSymbolAtLocation(source);
      if (!symbol) throw new Error(`${files[at]} exports nothing`);
      return [
        door,
        checker
          .getExportsOfModule(symbol)
          .map(({ name }) => name)
          .sort(),
      ];
    }),
  );
}

const namesByDoor = publicNames();

test('the public names are these; one that goes, or changes its meaning, makes a new major version', () => {
  expect(namesByDoor).toMatchSnapshot();
});

test('every public name is documented, on a page that its door leads to', { timeout: 120_000 }, async () => {
  const typedoc = resolve(checkout, 'node_modules/typedoc/bin/typedoc');
  const folder = mkdtempSync(join(tmpdir(), 'reference-'));

  // As `npm run docs:api`, but types are checked elsewhere.
  const args = [typedoc, '--skipErrorChecking', '--out', folder];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: checkout });
  const withoutPage = Object.entries(namesByDoor).flatMap(([door, names]) => {
    const page = join(folder, 'modules', `${door === '.' ? 'index' : door.slice(2)}.html`);
    const text = readFileSync(page, 'utf8');
    return names.filter((name) => {
      const [, link = ''] = new RegExp(`href="([./a-z]+/\\w+\\.${name}\\.html)`).exec(text) ?? [];
      return link === '' || !existsSync(resolve(page, '..', link));
    });
  });
  rmSync(folder, { recursive: true });

  expect(stdout + stderr).not.toMatch(/warning|error\]/);
  expect(withoutPage).toEqual([]);
});
