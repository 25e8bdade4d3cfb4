import { expect, test } from 'vitest';
import {
  type CloudFields,
  cloud,
  device,
  group,
  owner,
  portal,
  rack,
  server,
  tree,
  unreadable,
} from '../../test/support/builders.ts';
import { membership } from './membership.ts';
import { indexPortal } from './portal-index.ts';

function homes(seen: CloudFields, shown = portal(), standalone: 'ignore' | 'rack' = 'ignore') {
  const { servers } = cloud(seen);
  const keyOf = membership(cloud(seen), indexPortal(shown), standalone);
  const home = [...servers.values()].map((server) => [
    server.id,
    server.kind === 'server' ? keyOf(server) : undefined,
  ]);
  return Object.fromEntries(home.filter(([, key]) => key !== undefined));
}

/** The rack of a stack as an earlier run has left it. */
const rackOf = (stack: string) => rack({ metadata: { openstack_stack_id: stack } });
const deviceOf = (server: string) => device({ metadata: { openstack_instance_id: server } });
const web = server({ id: 'web' });

test('a server belongs to the stack whose tree it is a resource of', () => {
  expect(homes({ servers: [web], trees: [tree({ servers: ['web'] })] })).toEqual({ web: 'stack' });
});

test('where the tree was not read, to the one that had it when it was', () => {
  const trees = [tree({ content: 'remembered' })];
  const remembered = { stack: { servers: ['web'] } };

  expect(homes({ servers: [web], trees, remembered })).toEqual({ web: 'stack' });
  expect(homes({ servers: [web], trees })).toEqual({});
});

test('what was found earlier does not count beside what is found now', () => {
  const remembered = { stack: { servers: ['web'] } };

  expect(homes({ servers: [web], trees: [tree()], remembered })).toEqual({});
});

test('or to the one that Nova hints at, if that is to be seen', () => {
  const hinted = server({ id: 'web', rootStackId: 'stack' });

  expect(homes({ servers: [hinted], trees: [tree()] })).toEqual({ web: 'stack' });
  expect(homes({ servers: [hinted], trees: [tree({ id: 'other' })] })).toEqual({});
});

test('or to the one that has a server group it is a member of, read or remembered', () => {
  const serverGroups = [group({ members: ['web'] })];
  const remembered = { stack: { serverGroups: ['group'] } };
  const unread = [tree({ content: 'remembered' })];

  expect(homes({ servers: [web], serverGroups, trees: [tree({ serverGroups: ['group'] })] })).toEqual({
    web: 'stack',
  });
  expect(homes({ servers: [web], serverGroups, trees: unread, remembered })).toEqual({ web: 'stack' });
});

test('or to the one in whose rack its device stands', () => {
  const shown = portal({ racks: [rackOf('stack')], devices: [deviceOf('web')] });

  expect(homes({ servers: [web], trees: [tree()] }, shown)).toEqual({ web: 'stack' });
});

test('a resource of one stack does not stay in the rack of another', () => {
  const shown = portal({ racks: [rackOf('old')], devices: [deviceOf('web')] });
  const trees = [tree({ id: 'old' }), tree({ id: 'new', servers: ['web'] })];

  expect(homes({ servers: [web], trees }, shown)).toEqual({ web: 'new' });
});

test('of two stacks that have a server the one with the lower id has it', () => {
  const trees = [tree({ id: 'b', servers: ['web'] }), tree({ id: 'a', servers: ['web'] })];

  expect(homes({ servers: [web], trees })).toEqual({ web: 'a' });
});

test('what the cloud does not list belongs to nothing, and a deleted stack has nothing', () => {
  expect(homes({ trees: [tree({ servers: ['web'] })] })).toEqual({});
  expect(homes({ servers: [web], trees: [tree({ status: 'DELETE_COMPLETE', servers: ['web'] })] })).toEqual(
    {},
  );
});

test('a server without a stack belongs to its project, if that is wished and a user has it', () => {
  const nobody = portal({ owners: [owner({ projectId: null })] });

  expect(homes({ servers: [web] })).toEqual({});
  expect(homes({ servers: [web] }, portal(), 'rack')).toEqual({ web: 'standalone:project' });
  expect(homes({ servers: [web] }, nobody, 'rack')).toEqual({});
});

test('a server that cannot be read is not taken for one without a stack', () => {
  expect(homes({ servers: [unreadable('web')] }, portal(), 'rack')).toEqual({});
});

test('nor are those of a project whose stacks could not be listed', () => {
  expect(homes({ servers: [web], unobserved: ['project'] }, portal(), 'rack')).toEqual({});
});

test('nor one of a stack that cannot be read: it is remembered in it, or its hint names it', () => {
  const odd = { unreadableStacks: ['stack'] };
  const hinted = server({ id: 'web', rootStackId: 'stack' });

  expect(homes({ servers: [web], ...odd }, portal(), 'rack')).toEqual({ web: 'standalone:project' });
  expect(homes({ servers: [hinted], ...odd }, portal(), 'rack')).toEqual({});
  expect(
    homes({ servers: [web], ...odd, remembered: { stack: { servers: ['web'] } } }, portal(), 'rack'),
  ).toEqual({});
});

test('nor those of a project with a server group that cannot be read', () => {
  const trees = [tree({ serverGroups: ['odd'] })];

  expect(homes({ servers: [web], trees }, portal(), 'rack')).toEqual({ web: 'standalone:project' });
  expect(homes({ servers: [web], trees, unreadableGroups: ['odd'] }, portal(), 'rack')).toEqual({});
});

test('nor those that stand in the rack of a stack that was not seen, or that it was found to have', () => {
  const standing = portal({ racks: [rackOf('stack')], devices: [deviceOf('web')] });
  const shown = portal({ racks: [rackOf('stack')] });
  const remembered = { stack: { servers: ['web'] } };

  expect(homes({ servers: [web] }, standing, 'rack')).toEqual({});
  expect(homes({ servers: [web], remembered }, shown, 'rack')).toEqual({});
});

test('a stack that was deleted gives its servers free; one that is not found those that do not stand in its rack', () => {
  const standing = portal({ racks: [rackOf('stack')], devices: [deviceOf('web')] });
  const remembered = { stack: { servers: ['web'] } };
  const shown = portal({ racks: [rackOf('stack')] });
  const deleted: CloudFields = { servers: [web], evidence: { stacks: { stack: 'deleted' } } };
  const notFound: CloudFields = { servers: [web], evidence: { stacks: { stack: 'not-found' } } };

  expect(homes(deleted, standing, 'rack')).toEqual({ web: 'standalone:project' });
  expect(homes({ ...notFound, remembered }, shown, 'rack')).toEqual({ web: 'standalone:project' });
  expect(homes(notFound, standing, 'rack')).toEqual({});
});
