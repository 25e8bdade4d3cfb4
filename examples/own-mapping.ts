/**
 * The service with a mapping of one's own: racks named after their owner too, a template of its own for login nodes, and
 * without the servers that only build images.
 *
 *     node examples/own-mapping.ts config.yaml
 */
import { createService } from 'concertim-openstack-service';

await using service = createService({
  config: process.argv[2] ?? '/etc/concertim-openstack-service/config.yaml',
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

// One cycle; `service.run(signal)` goes on until the signal is aborted.
process.exitCode = (await service.runOnce(new AbortController().signal)) ? 0 : 1;
