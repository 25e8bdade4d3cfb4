/**
 * The service with a mapping of one's own: racks named after their owner too, a template of its own for login nodes, and
 * without the servers that only build images.
 *
 *     node examples/own-mapping.ts config.yaml
 */
import { createService, explain } from 'concertim-openstack-service';

async function main(configFile: string): Promise<boolean> {
  const service = createService({
    configFile,
    components: ['updates_bulk'],
    mapping: {
      rackName: ({ name, owner }) => `${owner}_${name}`,
      includesServer: ({ name }) => !name.startsWith('node02'),
      deviceTemplate: ({ name }, usual) =>
        name.startsWith('gateway')
          ? { ...usual, foreignId: `login-${usual.foreignId}`, name: `Login node (${usual.name})`, height: 2 }
          : usual,
    },
    onReport: ({ changes }) => console.log(changes),
  });
  try {
    // One cycle; `service.run(signal)` goes on until the signal is aborted.
    return await service.runOnce(new AbortController().signal);
  } finally {
    // From Node 24 on `await using service = …` does it.
    await service[Symbol.asyncDispose]();
  }
}

const [file] = process.argv.slice(2);
try {
  if (!file) throw new Error('Needed: the path of a config.yaml.');
  process.exitCode = (await main(file)) ? 0 : 1;
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
