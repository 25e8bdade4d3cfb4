import type { Cloud } from './cloud/cloud.ts';
import type { Flavor, Server } from './cloud/compute.ts';
import {
  nestedStack,
  network,
  plain,
  resourceGroup,
  server,
  type Template,
  volume,
} from './cloud/template.ts';

export interface Cluster {
  /** Without the letters that make a stack's name unique: `mycluster`. */
  readonly name: string;
  /** As the cluster builder calls it, such as `slurm-standalone`. */
  readonly type: string;
  /** Beside the gateway. */
  readonly nodes: number;
  readonly gatewayFlavor: Flavor;
  readonly nodeFlavor: Flavor;
  readonly keyName: string;
}

/** The ResourceGroup of a cluster's nodes. */
export const nodeGroup = 'node-group';

/**
 * A cluster as Concertim's cluster builder has Heat make it: a gateway with a floating address, and nodes that are each a
 * stack within the stack of their group, two levels down. Servers boot from volumes; there are no server groups, no tags
 * and no metadata.
 */
export function clusterTemplate(cloud: Cloud, cluster: Cluster): Template {
  const { networking } = cloud;
  const networkName = `${cluster.name}.network`;
  const nameOf = (host: string) => `${host}.${cluster.name}.alces.network`;
  const gatewayName = nameOf('gateway1');
  const fixed = networking.fixedAddress(networkName);
  const address = (servers: readonly Server[]) =>
    servers.find(({ name }) => name === gatewayName)?.addresses.find(({ type }) => type === 'floating')
      ?.address ?? null;
  return {
    description: `A cluster of type ${cluster.type}.`,
    parameters: {
      'cluster-type': cluster.type,
      clustername: cluster.name,
      nodes: String(cluster.nodes),
      key_name: cluster.keyName,
    },
    resources: {
      network: network(networkName, 'subnet', 'gw_port', nodeGroup),
      subnet: plain('OS::Neutron::Subnet', 'router_interface', 'gw_port', nodeGroup),
      router: plain('OS::Neutron::Router', 'router_interface'),
      router_interface: plain('OS::Neutron::RouterInterface'),
      security_group: plain('OS::Neutron::SecurityGroup', 'gw_port'),
      gw_port: plain('OS::Neutron::Port', 'gw', 'gw_floating_ip'),
      gw_floating_ip: plain('OS::Neutron::FloatingIP'),
      gw_volume: volume(20, { requiredBy: ['gw'] }),
      gw: server({
        name: gatewayName,
        volume: 'gw_volume',
        flavor: cluster.gatewayFlavor,
        keyName: cluster.keyName,
        addresses: [fixed, networking.floatingAddress(fixed)],
      }),
      [nodeGroup]: resourceGroup(cluster.nodes, (index) =>
        nestedStack('file:///cluster-builder/node.yaml', {
          node_port: nodePort,
          node_volume: nodeVolume,
          node: server({
            name: nameOf(`node${String(index + 1).padStart(2, '0')}`),
            volume: 'node_volume',
            flavor: cluster.nodeFlavor,
            keyName: cluster.keyName,
            addresses: [networking.fixedAddress(networkName)],
          }),
        }),
      ),
    },
    outputs: [
      {
        key: 'gateway_ext_ip',
        description: 'The public address of the gateway.',
        value: address,
      },
      {
        key: 'web_access',
        description: 'Where the cluster is to be seen in a browser.',
        // Until there is an address Heat puts nothing in its place.
        value: (servers) => `https://${address(servers) ?? ''}`,
      },
      {
        key: 'concertim_cluster_type',
        description: 'The kind of cluster that it was made as.',
        value: () => cluster.type,
      },
    ],
  };
}

const nodePort = plain('OS::Neutron::Port', 'node');
const nodeVolume = volume(40, { requiredBy: ['node'] });
