/**
 * Switches off all servers whose devices stand in a rack:
 *
 *     node examples/power-off-rack.ts config.yaml RACK
 */
import { loadConfig } from 'concertim-openstack-service';
import * as concertim from 'concertim-openstack-service/concertim';
import * as openstack from 'concertim-openstack-service/openstack';
import { serverOfDevice } from 'concertim-openstack-service/plan';

const [file, name] = process.argv.slice(2);
const config = loadConfig({ file });
const portal = new concertim.Session(config.concertim);
const cloud = new openstack.Session(config.openstack);

const rack = (await concertim.listRacks(portal)).find((each) => each.name === name);
if (!rack) throw new Error(`There is no rack ${name}.`);
for (const device of await concertim.listDevices(portal)) {
  const server = serverOfDevice(device);
  if (device.location?.rackId !== rack.id || device.status !== 'ACTIVE' || !server) continue;
  await openstack.actOnServer(cloud, server, 'os-stop');
  console.log(`${device.name}: switched off`);
}
await Promise.all([portal.close(), cloud.close()]);
