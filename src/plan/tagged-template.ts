import type { TemplateDraft } from '../concertim/model.ts';
import type { Kind } from '../openstack/model.ts';

/** What the devices of a kind without flavors are made from. */
export type TaggedTemplate = TemplateDraft & { readonly foreignId: null; readonly tag: string };

const base = { foreignId: null, vcpus: null, ram: null, disk: null };

/**
 * The portal comes with these templates, and an administrator may change or delete them. They are used unchanged, and created
 * only where they are missing.
 */
export const taggedTemplates: Readonly<Record<Exclude<Kind, 'server'>, TaggedTemplate>> = {
  volume: { ...base, tag: 'volume', name: 'volume', description: 'Volume', height: 2 },
  network: { ...base, tag: 'network', name: 'network', description: 'Network', height: 1 },
};
