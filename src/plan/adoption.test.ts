import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { cloud, flavor, owner, server, settings, tree } from '../../test/support/builders.ts';
import { PaperPortal } from '../../test/support/paper-portal.ts';
import type { PortalSnapshot } from '../concertim/model.ts';
import { profiles } from '../concertim/profile.ts';
import { Device } from '../concertim/wire/device.ts';
import { Rack } from '../concertim/wire/rack.ts';
import { Template } from '../concertim/wire/template.ts';
import { User } from '../concertim/wire/user.ts';
import * as compute from '../openstack/wire/compute.ts';
import * as orchestration from '../openstack/wire/orchestration.ts';
import { changesOf } from './change.ts';
import { fieldsOf } from './field-change.ts';
import type { CloudObservation } from './observation.ts';
import { plan } from './plan.ts';

/** One moment of a real cloud, and of a real portal that the first version (2023) had filled from it. */
function recorded<Schema extends z.ZodType>(name: string, schema: Schema): z.infer<Schema> {
  const url = new URL(`../../test/fixtures/first-version-portal/${name}.json`, import.meta.url);
  return schema.parse(JSON.parse(readFileSync(url, 'utf8')));
}

function portalOfFirstVersion(): PortalSnapshot {
  return {
    profile: profiles['2023-08'],
    owners: recorded('portal-users', z.array(User))
      .filter(({ root }) => !root)
      .map(({ id, projectId }) => owner({ id: Number(id), projectId })),
    racks: recorded('portal-racks', z.array(Rack)),
    devices: recorded('portal-devices', z.array(Device)),
    templates: recorded('portal-templates', z.array(Template)),
  };
}

function recordedCloud(): CloudObservation {
  const { stacks } = recorded('cloud-stacks', z.object({ stacks: z.array(orchestration.Stack) }));
  const { servers } = recorded('cloud-servers', z.object({ servers: z.array(compute.Server) }));
  const { flavors } = recorded('cloud-flavors', z.object({ flavors: z.array(compute.Flavor) }));
  return cloud({
    flavors: flavors.map((row) => flavor(row)),
    servers: servers.map((row) =>
      server({
        id: row.id,
        name: row.name,
        projectId: row.tenant_id,
        vmState: row['OS-EXT-STS:vm_state'] ?? '',
        flavor: { kind: 'id', id: 'id' in row.flavor ? row.flavor.id : '' },
        addresses: Object.entries(row.addresses).flatMap(([network, addresses]) =>
          addresses.map(({ addr, version, 'OS-EXT-IPS:type': type, 'OS-EXT-IPS-MAC:mac_addr': mac }) => ({
            network,
            address: addr,
            version,
            type,
            mac: mac ?? null,
          })),
        ),
      }),
    ),
    trees: stacks.map((row) => {
      const { stack } = recorded(`cloud-stack-${row.stack_name}`, orchestration.StackBody);
      const { resources } = recorded(
        `cloud-stack-${row.stack_name}-resources`,
        z.object({ resources: z.array(orchestration.Resource) }),
      );
      return tree({
        id: row.id,
        name: row.stack_name,
        projectId: row.project ?? '',
        status: row.stack_status,
        statusReason: row.stack_status_reason ?? '',
        owner: row.stack_owner ?? '',
        ownerId: row.stack_user_project_id ?? '',
        servers: resources.flatMap(({ resource_type, physical_resource_id: id }) =>
          resource_type === 'OS::Nova::Server' && id ? [id] : [],
        ),
        outputs: Object.fromEntries(stack.outputs.map((output) => [output.output_key, output.output_value])),
      });
    }),
  });
}

test('what the first version made is adopted: nothing is deleted, made or recreated', () => {
  const changes = changesOf(plan(recordedCloud(), portalOfFirstVersion(), settings()));

  expect(changes).toHaveLength(19);
  expect(new Set(changes.map(({ kind }) => kind))).toEqual(
    new Set(['update-template', 'update-rack', 'update-device']),
  );
});

test('only fields that were wrong or poor are corrected: no name, place, status or address', () => {
  const changes = changesOf(plan(recordedCloud(), portalOfFirstVersion(), settings()));

  const fields = new Set(
    changes.flatMap((change) => fieldsOf(change).map(({ field }) => `${change.kind} ${field}`)),
  );
  expect([...fields].sort()).toEqual([
    'update-device description',
    'update-device metadata.net_interfaces',
    'update-device metadata.openstack_stack_id',
    'update-rack creationOutput',
    'update-rack metadata.openstack_stack_output',
    'update-template description',
  ]);
});

test('after that it is in step: same ids, nothing left to do', () => {
  const before = portalOfFirstVersion();
  const paper = new PaperPortal(before);
  paper.apply(changesOf(plan(recordedCloud(), before, settings())));

  const after = paper.snapshot();

  const ids = ({ racks, devices, templates }: PortalSnapshot) =>
    [racks, devices, templates].map((rows) => new Set(rows.map(({ id }) => id)));
  expect(ids(after)).toEqual(ids(before));
  expect(changesOf(plan(recordedCloud(), after, settings()))).toEqual([]);
});
