import type { StackTree } from './observation.ts';

/**
 * The type of a stack's cluster, by its id. The cluster builder's templates say it twice: in a parameter, which Heat has from the
 * beginning, and in an output, which it has once the stack is complete.
 */
export function clusterTypeOf(content: NonNullable<StackTree['content']>): string | undefined {
  const output = content.outputs.find(({ key }) => key === 'concertim_cluster_type')?.value;
  return [content.parameters?.['cluster-type'], output].find(isNamed);
}

function isNamed(type: unknown): type is string {
  return typeof type === 'string' && type !== '';
}
