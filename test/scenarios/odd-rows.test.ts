import { expect, test } from 'vitest';
import { outOfStep } from '../support/in-step.ts';
import { startScenario } from '../support/scenario.ts';

type Row = Record<string, unknown>;

/** What a plan does not stand on: the rows of a portal may lack it, or have something else there. */
const needless: Readonly<Record<string, readonly string[]>> = {
  devices: [
    'description',
    'status',
    'cost',
    'public_ips',
    'private_ips',
    'ssh_key',
    'login_user',
    'volume_details',
  ],
  racks: ['status', 'cost', 'creation_output', 'network_details'],
  templates: ['description', 'vcpus', 'ram', 'disk'],
};

for (const [list, fields] of Object.entries(needless)) {
  test.each(fields)(`of ${list} one that lacks its %s, or has a list there, stops no run`, async (field) => {
    for (const oddity of [undefined, ['odd']]) {
      await using scenario = await startScenario({ servers: 3 });
      const { sandbox } = scenario;
      await scenario.run();
      const [server, other] = [...sandbox.cloud.compute.servers()];
      if (!server || !other) throw new Error('too few servers');
      sandbox.cloud.compute.setServerState(other.id, { vmState: 'stopped' });
      const heal = sandbox.faults.add({
        service: 'concertim',
        method: 'GET',
        path: new RegExp(`^/api/v1/${list}(\\?|$)`),
        kind: 'rewrite',
        rewrite: (body) => (body as Row[]).map((row, at) => (at === 0 ? { ...row, [field]: oddity } : row)),
      });

      const report = await scenario.run();

      expect(report.changes['update-device']).toBeGreaterThan(0);
      expect(report.changes['delete-device'] ?? 0).toBe(0);
      expect(report.changes['create-device'] ?? 0).toBe(0);
      heal();
      await scenario.run();
      expect(outOfStep(sandbox)).toEqual([]);
    }
  });
}
