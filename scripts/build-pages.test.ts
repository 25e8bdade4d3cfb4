import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildPages } from './build-pages.ts';

let place: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'build-pages-'));
  for (const page of ['sandbox', 'status']) {
    mkdirSync(join(place, 'pages', page), { recursive: true });
    writeFileSync(join(place, 'pages', page, 'index.html'), `<!doctype html><title>${page}</title>`);
  }
});
afterEach(() => {
  rmSync(place, { recursive: true });
});

test('each page has its folder, in place of what was there', async () => {
  const built = join(place, 'built');
  mkdirSync(join(built, 'former'), { recursive: true });

  await buildPages(built, join(place, 'pages'));

  expect(readdirSync(built).toSorted()).toEqual(['docs', 'sandbox', 'status']);
  expect(readdirSync(place).toSorted()).toEqual(['built', 'pages']);
});

test('where one page cannot be built, what was there stays as it was', async () => {
  const built = join(place, 'built');
  mkdirSync(join(built, 'former'), { recursive: true });
  const script = '<script type="module" src="./main.js"></script>';
  writeFileSync(join(place, 'pages/status/index.html'), `<!doctype html>${script}`);
  writeFileSync(join(place, 'pages/status/main.js'), 'this is no script');

  await expect(buildPages(built, join(place, 'pages'))).rejects.toThrow();

  expect(existsSync(join(built, 'former'))).toBe(true);
  expect(readdirSync(place).toSorted()).toEqual(['built', 'pages']);
});
