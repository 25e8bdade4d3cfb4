import { describe, expect, test } from 'vitest';
import { type Clinic, startClinic } from '../support/doctor.ts';

describe('Cinder, whose volumes a portal from v1.2.0 on shows', () => {
  const cinderIn = async (clinic: Clinic) =>
    (await clinic.examine()).findings.filter(({ check }) => check.startsWith('cinder'));

  test('shows the volumes of all projects to an administrator', async () => {
    await using clinic = await startClinic({ release: 'main' });

    expect(await cinderIn(clinic)).toMatchObject([
      { level: 'ok', found: 'Cinder shows the volumes of all projects' },
    ]);
  });

  test('may be missing', async () => {
    await using clinic = await startClinic({ release: 'main', cinder: false });

    expect(await cinderIn(clinic)).toMatchObject([
      { level: 'ok', found: expect.stringMatching(/^The cloud has no Cinder: no volumes are shown/) },
    ]);
  });

  test('is not used with an earlier portal', async () => {
    await using clinic = await startClinic({ release: '1.1', cinder: false });

    expect(await cinderIn(clinic)).toMatchObject([
      { level: 'ok', found: expect.stringMatching(/a portal of release 1.1 shows no volumes$/) },
    ]);
  });

  test('that fails is an error', async () => {
    await using clinic = await startClinic({ release: 'main' });
    clinic.sandbox.faults.add({ service: 'cinder', kind: 'answer', status: 503 });

    expect(await cinderIn(clinic)).toMatchObject([
      { level: 'error', found: expect.stringMatching(/Cinder answered .* with 503/) },
    ]);
  });

  test('that shows the own project alone may hide the others', async () => {
    await using clinic = await startClinic({ release: 'main' });
    const [volume] = [...clinic.sandbox.cloud.blockStorage.volumes()];
    const { config } = clinic.sandbox;
    const own = [...clinic.sandbox.cloud.identity.projects.values()].find(
      ({ name }) => name === config.openstack.project_name,
    );
    const body = JSON.stringify({
      volumes: [
        {
          id: volume?.id,
          name: 'mine',
          status: 'available',
          size: 1,
          bootable: 'false',
          created_at: '2026-11-22T12:00:00.000000',
          'os-vol-tenant-attr:tenant_id': own?.id,
        },
      ],
    });
    clinic.sandbox.faults.add({ service: 'cinder', path: /detail/, kind: 'answer', status: 200, body });

    expect(await cinderIn(clinic)).toMatchObject([
      {
        found: "Cinder shows 1 volumes of the account's own project, and none of any other",
        repair: expect.stringMatching(/role add/),
      },
    ]);
  });
});
