import { describe, expect, test } from 'vitest';
import { type Clinic, startClinic } from '../support/doctor.ts';

/** Lists with only the account's own project, as Cinder and Neutron write them. */
const own = {
  Cinder: (id: string | undefined) => ({
    volumes: [
      {
        id: '0e0a3c2e-11b7-4a40-9a09-c4ae7f0b1c5d',
        name: 'mine',
        status: 'available',
        size: 1,
        bootable: 'false',
        created_at: '2026-11-22T12:00:00.000000',
        'os-vol-tenant-attr:tenant_id': id,
      },
    ],
  }),
  // And a public network of another project, which every account sees.
  Neutron: (id: string | undefined) => ({
    networks: [
      { ...network, id: '0e0a3c2e-11b7-4a40-9a09-c4ae7f0b1c5d', project_id: id },
      { ...network, id: '5a1ce1a2-7c3c-4a6e-8f0e-3e0c3e2f4b11', project_id: 'another', shared: true },
    ],
  }),
};
const network = {
  name: 'mine',
  status: 'ACTIVE',
  admin_state_up: true,
  shared: false,
  'router:external': false,
};

describe.each([
  { name: 'Cinder', service: 'cinder', kind: 'volume', path: /detail/ },
  { name: 'Neutron', service: 'neutron', kind: 'network', path: /networks/ },
] as const)('$name, whose $kind objects a portal from v1.2.0 on shows', ({ name, service, kind, path }) => {
  const findingsIn = async (clinic: Clinic) =>
    (await clinic.examine()).findings.filter(({ check }) => check.startsWith(service));

  test('shows those of all projects to an administrator', async () => {
    await using clinic = await startClinic({ release: 'main' });

    expect(await findingsIn(clinic)).toMatchObject([
      { level: 'ok', found: `${name} shows the ${kind}s of all projects` },
    ]);
  });

  test('is not read for an earlier portal', async () => {
    await using clinic = await startClinic({ release: '1.1', cinder: false });

    expect(await findingsIn(clinic)).toMatchObject([
      { level: 'ok', found: `No ${kind}s are read from ${name}: a portal of release 1.1 shows none` },
    ]);
  });

  test('that fails is an error', async () => {
    await using clinic = await startClinic({ release: 'main' });
    clinic.sandbox.faults.add({ service, kind: 'answer', status: 503 });

    expect(await findingsIn(clinic)).toMatchObject([
      { level: 'error', found: expect.stringMatching(new RegExp(`${name} answered .* with 503`)) },
    ]);
  });

  test('that shows the own project alone may hide the others', async () => {
    await using clinic = await startClinic({ release: 'main' });
    const { cloud, config } = clinic.sandbox;
    const project = [...cloud.identity.projects.values()].find(
      (one) => one.name === config.openstack.project_name,
    );
    const body = JSON.stringify(own[name](project?.id));
    const headers = { 'content-type': 'application/json' };
    clinic.sandbox.faults.add({ service, path, kind: 'answer', status: 200, body, headers });

    expect(await findingsIn(clinic)).toMatchObject([
      {
        found: `${name} shows 1 ${kind} of the account's own project, and none of any other`,
        repair: expect.stringMatching(new RegExp(`role add.*${name}'s policy.yaml`)),
      },
    ]);
  });
});

test('a cloud may have no Cinder', async () => {
  await using clinic = await startClinic({ release: 'main', cinder: false });

  const { findings } = await clinic.examine();

  expect(findings.filter(({ check }) => check.startsWith('cinder'))).toMatchObject([
    { level: 'ok', found: expect.stringMatching(/^The cloud has no Cinder: no volumes are shown/) },
  ]);
});
