import type { CloudObject, Flavor, Server, Stack } from '../openstack/model.ts';
import type { DesiredTemplate } from './flavor-template.ts';

/**
 * A mapping of one's own, for programs that import this package. What is left out goes as docs/mapping.md says.
 *
 * The functions decide from their arguments alone: the same arguments give the same answer, in this run and in the next, or
 * the portal is rewritten back and forth. None may throw.
 */
export interface Mapping {
  /** Which stacks are shown. The rack of one that is not, and its devices, are removed. */
  readonly includesStack?: (stack: Stack) => boolean;
  /** Which servers are shown. The device of one that is not is removed. */
  readonly includesServer?: (server: Server) => boolean;
  /** Which flavors get a template before any device uses one. The template of any other flavor is removed once it is unused. */
  readonly includesFlavor?: (flavor: Flavor) => boolean;
  /** Name of a stack's rack. The portal's rules still hold: what it refuses becomes `-`, what is taken gets an end. */
  readonly rackName?: (stack: Stack) => string;
  /**
   * Template of a server's device, given the one of its flavor. Its `foreignId` is its identity: return the given one as
   * it is, or one with a `foreignId` of its own, made from the given one's (`gpu-of-${usual.foreignId}`).
   */
  readonly deviceTemplate?: (server: Server, usual: DesiredTemplate) => DesiredTemplate;
}

/** Whether a stack is to be shown. */
export function isWantedStack(stack: Stack, { includesStack }: Mapping): boolean {
  return includesStack?.(stack) ?? true;
}

/** Whether a flavor has a template though no device uses it. */
export function isWantedFlavor(flavor: Flavor, { includesFlavor }: Mapping): boolean {
  return includesFlavor?.(flavor) ?? true;
}

/** Whether an object is to be shown. Volumes and networks are shown whenever their stack is. */
export function isWantedObject(object: CloudObject, { includesServer }: Mapping): boolean {
  return object.kind !== 'server' || (includesServer?.(object) ?? true);
}
