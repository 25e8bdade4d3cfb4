/**
 * Switches off all servers whose devices stand in a rack:
 *
 *     node examples/power-off-rack.ts config.yaml RACK
 */
import { explain, loadConfig } from 'concertim-openstack-service';
import * as concertim from 'concertim-openstack-service/concertim';
import { Session } from 'concertim-openstack-service/openstack';
import { changeServer } from 'concertim-openstack-service/operations';
import { serverOfDevice } from 'concertim-openstack-service/plan';

async function main(file: string, name: string): Promise<void> {
  const config = loadConfig({ file });
  const portal = new concertim.Session(config.concertim);
  const cloud = new Session(config.clouds[0].openstack);
  try {
    const rack = (await concertim.listRacks(portal)).find((each) => each.name === name);
    if (!rack) throw new Error(`There is no rack ${name}.`);
    for (const device of await concertim.listDevices(portal)) {
      const server = serverOfDevice(device);
      if (device.location?.rackId !== rack.id || device.status !== 'ACTIVE' || !server) continue;
      await changeServer(cloud, server, 'off');
      console.log(`${device.name}: switched off`);
    }
  } finally {
    await Promise.all([portal.close(), cloud.close()]);
  }
}

const [file, rack] = process.argv.slice(2);
try {
  if (!file || !rack) throw new Error('Needed: the path of a config.yaml, and the name of a rack.');
  await main(file, rack);
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
