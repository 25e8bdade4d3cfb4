import type { Sandbox } from '../../src/sandbox/sandbox.ts';

export type Row = Record<string, unknown>;

/** Has a service of the cloud answer a list with other rows. @returns what ends that */
export function rewriteRows(
  { faults }: Pick<Sandbox, 'faults'>,
  { service, list, field }: { readonly service: string; readonly list: string; readonly field: string },
  rewrite: (row: Row, at: number) => Row,
): () => void {
  return faults.add({
    service,
    method: 'GET',
    path: new RegExp(`/${list}(\\?|$)`),
    kind: 'rewrite',
    rewrite: (body) => {
      const { [field]: rows, ...rest } = body as Record<string, Row[]>;
      return { ...rest, [field]: rows?.map(rewrite) };
    },
  });
}

/** Heat's list of stacks. */
export const stackList = { service: 'heat', list: 'stacks', field: 'stacks' };
