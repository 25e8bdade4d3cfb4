import type { KeyPath } from './key-path.ts';
import type { YamlMap, YamlNode } from './yaml-tree.ts';

/** The tree with each entry of `clouds` changed. What is no list of sections is reported when it is read. */
export function withCloudEntries(root: YamlMap, change: (entry: YamlMap, path: KeyPath) => YamlMap): YamlMap {
  const clouds = root.entries.get('clouds');
  if (clouds?.node.kind !== 'list') return root;
  const items = clouds.node.items.map(
    (item, at): YamlNode => (item.kind === 'map' ? change(item, ['clouds', at]) : item),
  );
  const entries = new Map(root.entries).set('clouds', { ...clouds, node: { ...clouds.node, items } });
  return { ...root, entries };
}
