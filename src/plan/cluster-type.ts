import type { StackTree } from './observation.ts';

/**
 * The type of a stack's cluster, by its id. The cluster builder's templates say it twice: in a parameter, which Heat has from the
 * beginning, and in an output, which it has once the stack is complete.
 */
export function clusterTypeOf(content: StackTree['content']): string | undefined {
  const output = content?.outputs.find(({ key }) => key === 'concertim_cluster_type')?.value;
  return [content?.parameters?.['cluster-type'], output].find(isNamed);
}

/** The same of a rack that was made when its stack was read. */
export function rememberedClusterType(outputs: unknown): string | undefined {
  if (typeof outputs !== 'object' || outputs === null) return undefined;
  const { concertim_cluster_type: output } = outputs as { concertim_cluster_type?: unknown };
  return isNamed(output) ? output : undefined;
}

function isNamed(type: unknown): type is string {
  return typeof type === 'string' && type !== '';
}
