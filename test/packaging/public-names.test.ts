import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
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

test('the public names are these; one that goes, or changes its meaning, makes a new major version', () => {
  expect(publicNames()).toMatchSnapshot();
});

test('every public name is documented', { timeout: 120_000 }, async () => {
  const typedoc = resolve(checkout, 'node_modules/typedoc/bin/typedoc');

  const { stdout, stderr } = await promisify(execFile)(process.execPath, [typedoc, '--emit', 'none'], {
    cwd: checkout,
  });

  expect(stdout + stderr).not.toMatch(/warning|error\]/);
});
