import { expect, test } from 'vitest';
import { billOfMaterials } from './bill-of-materials.ts';

const development = [{ name: 'cdx:npm:package:development', value: 'true' }];
const component = (ref: string, properties: { name: string; value: string }[] = []) => {
  const [name = '', version = ''] = ref.split('@');
  return { 'bom-ref': ref, name, version, properties };
};
const bill = {
  specVersion: '1.5',
  components: [
    component('zod@4.0.0'),
    component('preact@11.2.0', development),
    component('vite@8.0.0', development),
  ],
  dependencies: [
    { ref: 'ours@1.0.0', dependsOn: ['zod@4.0.0', 'preact@11.2.0', 'vite@8.0.0'] },
    { ref: 'zod@4.0.0', dependsOn: [] },
    { ref: 'preact@11.2.0', dependsOn: [] },
    { ref: 'vite@8.0.0', dependsOn: ['preact@11.2.0'] },
  ],
};
const licences =
  '# Licenses\n\n## preact - 11.2.0 (MIT)\n\nThe MIT License\n## Purpose\n\n## zod - 4.0.0 (MIT)\n';

test('a bill has what is installed and what is bundled, and nothing that is for development alone', () => {
  const { components, dependencies, specVersion } = billOfMaterials(bill, [licences]);

  expect(components.map((each) => [each['bom-ref'], each.properties])).toEqual([
    ['zod@4.0.0', []],
    ['preact@11.2.0', [{ name: 'cdx:npm:package:bundled', value: 'true' }]],
  ]);
  expect(dependencies).toEqual([
    { ref: 'ours@1.0.0', dependsOn: ['zod@4.0.0', 'preact@11.2.0'] },
    { ref: 'zod@4.0.0', dependsOn: [] },
    { ref: 'preact@11.2.0', dependsOn: [] },
  ]);
  expect(specVersion).toBe('1.5');
});

test('a package that is bundled and not locked makes no bill', () => {
  expect(() => billOfMaterials(bill, ['## left-pad - 1.0.0 (WTFPL)\n'])).toThrow(
    'bundled, but not locked: left-pad@1.0.0',
  );
});
