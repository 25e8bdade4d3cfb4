/**
 * The figures of an instance, and why one is not known:
 *
 *     node examples/figures-of-an-instance.ts config.yaml INSTANCE_ID
 */
import { explain, loadConfig } from 'concertim-openstack-service';
import { readFigures } from 'concertim-openstack-service/metrics';
import { type ServerId, Session, showServer } from 'concertim-openstack-service/openstack';

async function main(file: string, id: string): Promise<void> {
  const session = new Session(loadConfig({ file }).clouds[0].openstack);
  try {
    const server = await showServer(session, id as ServerId);
    if (server?.kind !== 'server') throw new Error(`Nova has no instance ${id}.`);
    // From Nova 2.47 on a server says how large its flavor is; without, shares of it are not known.
    const { flavor } = server;
    const { figures } = await readFigures(session, id, flavor.kind === 'embedded' ? { size: flavor } : {});
    for (const figure of figures) {
      const { name, units } = figure.definition;
      console.log(`${name}: ${figure.kind === 'known' ? `${figure.value} ${units}` : figure.because}`);
    }
  } finally {
    await session.close();
  }
}

const [file, id] = process.argv.slice(2);
try {
  if (!file || !id) throw new Error('Needed: the path of a config.yaml, and the id of an instance in Nova.');
  await main(file, id);
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
