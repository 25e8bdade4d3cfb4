import { expect, test } from 'vitest';
import {
  cloud,
  network,
  owner,
  portal,
  rack,
  server,
  settings,
  template,
  tree,
  volume,
} from '../../test/support/builders.ts';
import { PaperPortal } from '../../test/support/paper-portal.ts';
import { profiles, type Release } from '../concertim/profile.ts';
import { changesOf } from './change.ts';
import { explainObject } from './explain.ts';
import { plan } from './plan.ts';

const seeded = [
  template({ id: 1, name: 'network', tag: 'network', height: 1, description: 'Network' }),
  template({ id: 2, name: 'volume', tag: 'volume', height: 2, description: 'Volume' }),
];
const seen = cloud({
  trees: [tree({ servers: ['web'], volumes: ['data'], networks: ['lan'] })],
  servers: [server({ id: 'web' })],
  volumes: [volume({ id: 'data', status: 'available' }), volume({ id: 'boot' })],
  networks: [network({ id: 'lan' }), network({ id: 'shared' })],
});

/** The explanation of an object, before the first run or once the portal shows everything. */
function explained(query: string, release: Release, { isFilled }: { isFilled: boolean }): string[] {
  const empty = portal({ profile: profiles[release], owners: [owner()], templates: seeded });
  const paper = new PaperPortal(empty);
  if (isFilled) paper.apply(changesOf(plan(seen, empty, settings())));
  const shown = isFilled ? paper.snapshot() : empty;
  const survey = { cloud: seen, portal: shown, plan: plan(seen, shown, settings()), settings: settings() };
  return explainObject(query, survey).flatMap(({ object, lines }) =>
    lines.map((line) => `${object}: ${line}`),
  );
}

test.each([
  ['volume', 'data', /AVAILABLE/, /^volume: Cinder: available, in project/],
  ['network', 'lan', /ACTIVE/, /^network: Neutron: ACTIVE, in project/],
] as const)('a %s of a stack is explained as a server is', (kind, id, status, source) => {
  const before = explained(id, 'main', { isFilled: false });
  const after = explained(id, 'main', { isFilled: true });

  expect(before[0]).toBe(`${kind}: Next run: create device: its ${kind} has no device yet.`);
  expect(after).toEqual(
    expect.arrayContaining([
      expect.stringMatching(
        new RegExp(`^${kind}: Shown as device .* in rack .* at unit \\d+, ${status.source}`),
      ),
      expect.stringMatching(source),
      `device: It shows ${kind} ${id}.`,
    ]),
  );
});

test.each([
  ['volume', 'boot'],
  ['network', 'shared'],
] as const)('a %s that no stack has made is not shown, and why', (kind, id) => {
  expect(explained(id, 'main', { isFilled: true })[0]).toBe(
    `${kind}: Not shown: it is not a resource of a shown stack. Only ${kind}s that a stack created are shown.`,
  );
});

test.each([
  ['volume', 'data'],
  ['network', 'lan'],
] as const)('a %s is not shown by a release without devices for it', (kind, id) => {
  expect(explained(id, '1.1', { isFilled: true })[0]).toBe(
    `${kind}: Not shown: this release of the portal shows no ${kind}s.`,
  );
});

test('a stack that cannot be read is explained with the problem, and with what the portal keeps of it', () => {
  const odd = cloud({ unreadableStacks: ['stack'] });
  const of = (shown: ReturnType<typeof portal>) => {
    const survey = { cloud: odd, portal: shown, plan: plan(odd, shown, settings()), settings: settings() };
    return explainObject('stack', survey).map(({ lines }) => lines[0]);
  };

  expect(of(portal({ owners: [owner()] }))).toEqual([
    'Heat lists it in a way that is not understood: odd. It gets no rack until it can be read.',
  ]);
  expect(
    of(portal({ owners: [owner()], racks: [rack({ metadata: { openstack_stack_id: 'stack' } })] }))[0],
  ).toBe('Heat lists it in a way that is not understood: odd. The portal keeps what it shows of it.');
});
