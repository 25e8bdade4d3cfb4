import { expect, test } from 'vitest';
import { belowRoot, type CatalogEntry, findEndpoint, type ServiceType } from './catalog.ts';
import type { ProjectId } from './model.ts';

const project = 'p1' as ProjectId;

function entry(type: string, url: string, rest: Partial<CatalogEntry> = {}): CatalogEntry {
  return { type, url, interface: 'public', region: 'RegionOne', ...rest };
}

function find(
  catalog: CatalogEntry[],
  service: ServiceType,
  place: { interface?: CatalogEntry['interface']; region?: string } = {},
) {
  return findEndpoint(catalog, {
    service,
    interface: place.interface ?? 'public',
    region: place.region,
    projectId: project,
  });
}

test('interface and region choose among the endpoints of a service', () => {
  const catalog = [
    entry('compute', 'http://a/v2.1'),
    entry('compute', 'http://b/v2.1', { interface: 'internal' }),
    entry('compute', 'http://c/v2.1', { region: 'Mars' }),
    entry('compute', 'http://d/v2.1', { region: 'Mars', interface: 'internal' }),
  ];

  const found = find(catalog, 'compute', { interface: 'internal', region: 'Mars' });

  expect(found.root).toBe('http://d/v2.1');
});

test('the only region needs no name, several do', () => {
  const one = [entry('metric', 'http://a'), entry('compute', 'http://c/v2.1', { region: 'Mars' })];
  const two = [...one, entry('metric', 'http://b', { region: 'Mars' })];

  expect(find(one, 'metric').root).toBe('http://a/v1');
  expect(() => find(two, 'metric')).toThrow(
    "Keystone's catalog has metric (Gnocchi) in several regions: RegionOne, Mars.",
  );
});

test('what is missing is reported together with what there is', () => {
  const catalog = [entry('compute', 'http://a/v2.1', { region: 'Mars' }), entry('image', 'http://b')];

  expect(() => find(catalog, 'compute', { region: 'Venus' })).toThrow(
    expect.objectContaining({
      message: "Keystone's catalog has no public endpoint of type compute (Nova) in region Venus.",
      hint: 'It has: public in Mars. Check openstack.interface and openstack.region_name.',
      severity: 'fatal',
    }),
  );
  expect(() => find(catalog, 'orchestration')).toThrow(
    expect.objectContaining({ hint: 'It has: compute, image.' }),
  );
  expect(() => find([], 'compute')).toThrow(
    expect.objectContaining({ hint: 'It is empty: has the user a role in its project?' }),
  );
});

test("block storage goes by its older names, and CloudFormation is not Heat's own API", () => {
  const catalog = [
    entry('volumev3', 'http://a/v3/p1'),
    entry('cloudformation', 'http://b/v1'),
    entry('volumev2', 'http://c/v2/p1'),
  ];

  expect(find(catalog, 'block-storage')).toEqual({ root: 'http://a/v3', projectInPath: true });
  expect(() => find(catalog, 'orchestration')).toThrow('no public endpoint of type orchestration');
});

test.each([
  ['identity', 'https://cloud/identity', { root: 'https://cloud/identity/v3', projectInPath: false }],
  ['identity', 'https://cloud:5000/v3/', { root: 'https://cloud:5000/v3', projectInPath: false }],
  ['compute', 'https://cloud/compute/v2.1', { root: 'https://cloud/compute/v2.1', projectInPath: false }],
  ['compute', 'https://cloud:8774/v2.1/p1', { root: 'https://cloud:8774/v2.1', projectInPath: true }],
  ['orchestration', 'https://cloud:8004/v1/p1/', { root: 'https://cloud:8004/v1', projectInPath: true }],
  ['orchestration', 'https://cloud/heat-api/v1', { root: 'https://cloud/heat-api/v1', projectInPath: true }],
  ['metric', 'https://cloud:8041', { root: 'https://cloud:8041/v1', projectInPath: false }],
  ['network', 'https://cloud:9696/', { root: 'https://cloud:9696/v2.0', projectInPath: false }],
] as const)('the endpoint of %s %s', (type, url, expected) => {
  expect(find([entry(type, url)], type)).toEqual(expected);
});

test.each([
  [
    'http://cloud/v2.1',
    'http://inside:8774/v2.1/servers/detail?marker=a%20b',
    '/servers/detail?marker=a%20b',
  ],
  ['http://cloud/compute/v2.1', 'http://inside/v2.1/servers', '/servers'],
  ['http://cloud/v1', 'https://inside/heat/v1/p1/stacks/v1/7', '/p1/stacks/v1/7'],
  ['http://cloud/v1/heat/v1', 'http://cloud/v1/heat/v1/p1/stacks', '/p1/stacks'],
  ['http://cloud/v2.1', 'http://inside/servers', undefined],
  ['http://cloud/v2.1', 'servers?marker=7', undefined],
])('below the root %s the link %s says %s', (root, link, expected) => {
  expect(belowRoot(root, link)).toBe(expected);
});
