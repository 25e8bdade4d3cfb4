import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { faultNames, hasMeaning, phases, systems } from './matrix.ts';
import { cloudFaults, cloudSystems, whyNotInCloud } from './matrix-clouds.ts';
import { joinReliability, partsOfReliability } from './reliability-doc.ts';

const doc = readFileSync(new URL('../../docs/reliability.md', import.meta.url), 'utf8');
const { matrix, clouds } = partsOfReliability(doc);
const [head = [], , ...rows] = tableOf(matrix);

test('docs/reliability.md has every fault and every system of the matrix', () => {
  expect(head.slice(1)).toEqual(systems);
  expect(rows.map(([fault]) => fault)).toEqual(faultNames);
});

test('every cell has its outcome in every phase, or the reason why it has none', () => {
  const wrong: string[] = [];
  for (const [at, fault] of faultNames.entries()) {
    for (const [column, system] of systems.entries()) {
      const entry = rows[at]?.[column + 1] ?? '';
      const applies = hasMeaning({ fault, system });
      const isWhole = applies
        ? new RegExp(`^(${outcome})( / (${outcome})){${phases.length - 1}} s$`).test(entry)
        : /^does not apply<sup>\d+<\/sup>$/.test(entry);
      if (!isWhole) wrong.push(`${fault}, ${system}: ${entry}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('it has every fault and every system of the second of two clouds', () => {
  const [head = [], , ...rows] = tableOf(clouds);
  expect(head.slice(1)).toEqual(cloudSystems);
  expect(rows.map(([fault]) => fault)).toEqual(cloudFaults);
  expect(joinReliability({ matrix, clouds })).toBe(doc);
  const isWhole = new RegExp(`^(${outcome}) / (${outcome}) s$`);
  const isNone = /^does not apply<sup>\d+<\/sup>$/;
  const wrong = cloudFaults.flatMap((fault, at) =>
    cloudSystems.filter((system, column) => {
      const form = whyNotInCloud({ fault, system }) === undefined ? isWhole : isNone;
      return !form.test(rows[at]?.[column + 1] ?? '');
    }),
  );
  expect(wrong).toEqual([]);
});

function tableOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((entry) => entry.trim()),
    );
}

const outcome = String.raw`\d+|not run<sup>\d+</sup>`;
