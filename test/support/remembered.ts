import type { StackId } from '../../src/openstack/model.ts';
import { clusterTypeOf } from '../../src/plan/cluster-type.ts';
import type { CloudObservation, RememberedTree } from '../../src/plan/observation.ts';

/** The cloud as the next run sees it: no stack has changed, so none is read again, and what each is made of is remembered. */
export function remembered(cloud: CloudObservation): CloudObservation {
  const trees = new Map<StackId, RememberedTree>(cloud.remembered);
  for (const { root, content } of cloud.trees)
    if (content) trees.set(root.id, { ...content, clusterType: clusterTypeOf(content) });
  return {
    ...cloud,
    remembered: trees,
    trees: cloud.trees.map(({ root, revision }) => ({ root, revision })),
  };
}
