import { expect, test } from 'vitest';
import type { ChangeKind } from '../../src/plan/change.ts';
import { changeCount } from '../../src/reconcile/run-report.ts';
import { server } from '../../src/sandbox/cloud/template.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startScenario } from '../support/scenario.ts';

/** A complete stack of the only account, with servers of these names. */
function addStack({ cloud, population }: Sandbox, name: string, servers: readonly string[]) {
  const [account] = population.accounts;
  if (!account) throw new Error('the sandbox has no account');
  const flavor = flavorNamed(cloud, 'm1.tiny');
  const resources = Object.fromEntries(
    servers.map((each) => [each, server({ name: each, flavor, addresses: [] })]),
  );
  const template = { description: '', parameters: {}, resources, outputs: [] };
  return cloud.orchestration.addStack(
    { name, project: account.project, owner: account.user, template },
    cloud.timeline.now() - 86_400_000,
  );
}

function flavorNamed({ compute }: Sandbox['cloud'], name: string) {
  return named(compute.flavors.values(), name);
}

function named<T extends { readonly name: string }>(things: Iterable<T>, name: string): T {
  const thing = [...things].find((each) => each.name === name);
  if (!thing) throw new Error(`nothing is named ${name}`);
  return thing;
}

const shownFields = 'change object name id rack rackId owner openstackId openstackKind fields'.split(' ');

/** What the `changed` lines say of their changes. */
function changedLines(logged: readonly string[]): Record<string, unknown>[] {
  return logged
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ event }) => event === 'changed')
    .map((line) => Object.fromEntries(shownFields.map((field) => [field, line[field]])));
}

test('the log line of each kind of change finds the object in the portal and in OpenStack', async () => {
  await using scenario = await startScenario({ stacks: 0, allowDeletions: true });
  const { cloud, portal, population } = scenario.sandbox;
  const { compute, orchestration } = cloud;
  const shop = addStack(scenario.sandbox, 'shop', ['resized', 'renamed', 'removed']);
  const old = addStack(scenario.sandbox, 'old', ['leaving']);
  const first = await scenario.run();
  const idOf = (kind: 'rack' | 'device', name: string) => {
    const { id } = kind === 'rack' ? named(portal.racks.all(), name) : named(portal.devices.all(), name);
    return portal.ids.show(kind, id);
  };
  const templateId = (name: string) => named(portal.templates.all(), name).id;
  const serverId = (name: string) => named(compute.servers(), name).id;
  const inRack = (name: string) => ({
    rack: name,
    rackId: idOf('rack', name),
    owner: population.accounts[0]?.login,
  });
  const ofTemplate = (name: string) => ({
    object: 'template',
    name,
    id: templateId(name),
    rack: null,
    rackId: null,
    owner: null,
    openstackId: flavorNamed(cloud, name).id,
    openstackKind: 'flavor',
  });
  const ofRack = ({ id, name }: { readonly id: string; readonly name: string }) => ({
    object: 'rack',
    name,
    id: idOf('rack', name),
    ...inRack(name),
    openstackId: id,
    openstackKind: 'stack',
  });
  const ofDevice = (name: string) => ({
    object: 'device',
    name,
    id: idOf('device', name),
    ...inRack('shop'),
    openstackId: serverId(name),
    openstackKind: 'server',
  });
  const beforeReplacement = ofDevice('resized');
  const expected: Record<ChangeKind, Record<string, unknown>> = {
    'create-template': { ...ofTemplate('m1.tiny'), fields: [] },
    'update-template': { ...ofTemplate('m1.medium'), fields: ['ram'] },
    'delete-template': { ...ofTemplate('c1.16core'), fields: [] },
    'create-rack': { ...ofRack(shop), fields: [] },
    'update-rack': { ...ofRack(shop), fields: ['status', 'metadata.stack_status_reason'] },
    'delete-rack': { ...ofRack(old), fields: [] },
    'create-device': { ...ofDevice('renamed'), fields: [] },
    'update-device': { ...ofDevice('renamed'), fields: ['name'] },
    'replace-device': { ...beforeReplacement, fields: ['name'] },
    'delete-device': { ...ofDevice('removed'), fields: [] },
  };

  const medium = flavorNamed(cloud, 'm1.medium');
  compute.flavors.set(medium.id, { ...medium, ram: medium.ram + 1_024 });
  compute.flavors.delete(flavorNamed(cloud, 'c1.16core').id);
  compute.resizeServer(serverId('resized'), flavorNamed(cloud, 'm1.large'));
  cloud.settle();
  compute.renameServer(serverId('resized'), 'larger');
  compute.renameServer(serverId('renamed'), 'renamed-2');
  compute.deleteServer(serverId('removed'));
  orchestration.setStackState(shop.id, { action: 'UPDATE', result: 'FAILED', reason: 'no host' });
  orchestration.deleteStack(old.id);
  cloud.settle();
  const second = await scenario.run();

  const lines = changedLines(scenario.logged);
  expect(lines).toHaveLength(changeCount(first) + changeCount(second));
  expect(new Set(lines.map(({ change }) => change))).toEqual(new Set(Object.keys(expected)));
  const replaced = { id: idOf('device', 'larger') };
  expect(replaced.id).not.toBe(beforeReplacement.id);
  expect(lines).toEqual(
    expect.arrayContaining(
      Object.entries({ ...expected, 'replace-device': { ...expected['replace-device'], ...replaced } }).map(
        ([change, fields]) => ({ change, ...fields }),
      ),
    ),
  );
});
