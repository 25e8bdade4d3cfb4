import type { CloudObservation } from '../plan/observation.ts';
import type { SeenCloud } from './observe-cloud.ts';

/** Several clouds as if they were one, to be counted and explained. A plan is made for each. */
export function mergeSeen(all: readonly SeenCloud[]): SeenCloud {
  const [first, ...others] = all;
  if (first && others.length === 0) return first;
  const clouds = all.map(({ cloud }) => cloud);
  const union = <K, V>(of: (cloud: CloudObservation) => ReadonlyMap<K, V>) =>
    new Map(clouds.flatMap((cloud) => [...of(cloud)]));
  const kindOf = <K, V>(of: (cloud: CloudObservation) => ReadonlyMap<K, V> | undefined) =>
    clouds.some(of) ? union((cloud) => of(cloud) ?? new Map<K, V>()) : undefined;
  return {
    cloud: {
      scope: first?.cloud.scope ?? { kind: 'all' },
      servers: union(({ servers }) => servers),
      volumes: kindOf(({ volumes }) => volumes),
      networks: kindOf(({ networks }) => networks),
      trees: clouds.flatMap(({ trees }) => trees),
      remembered: union(({ remembered }) => remembered),
      projectOfStack: union(({ projectOfStack }) => projectOfStack),
      unreadable: {
        stacks: union(({ unreadable }) => unreadable.stacks),
        flavors: union(({ unreadable }) => unreadable.flavors),
        serverGroups: union(({ unreadable }) => unreadable.serverGroups),
      },
      serverGroups: clouds.flatMap(({ serverGroups }) => serverGroups),
      flavors: clouds.flatMap(({ flavors }) => flavors),
      costs: undefined,
      orders: first?.cloud.orders,
      externalNetworks: {
        names: new Set(clouds.flatMap(({ externalNetworks }) => [...externalNetworks.names])),
        sharedNames: new Set(clouds.flatMap(({ externalNetworks }) => [...externalNetworks.sharedNames])),
        addresses: union(({ externalNetworks }) => externalNetworks.addresses),
      },
      unobserved: union(({ unobserved }) => unobserved),
      evidence: {
        servers: union(({ evidence }) => evidence.servers),
        volumes: union(({ evidence }) => evidence.volumes),
        networks: union(({ evidence }) => evidence.networks),
        stacks: union(({ evidence }) => evidence.stacks),
        flavors: union(({ evidence }) => evidence.flavors),
      },
    },
    unread: all.flatMap(({ unread }) => unread),
    rootOfStack: new Map(all.flatMap(({ rootOfStack }) => [...rootOfStack])),
  };
}
