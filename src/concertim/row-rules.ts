/**
 * What every release of the portal accepts in a row. For differences between releases see profile.ts. Source: the recordings in
 * test/contract; for units and for racks that can be saved, the sandbox's portal, which is tested against the recordings.
 */
export const rowRules = {
  rack: {
    name: /^[A-Za-z0-9_-]+$/,
    longestName: 255,
    /** In rack units. */
    tallest: 72,
  },
  device: {
    name: { plain: /^[A-Za-z0-9-]+$/, dotted: /^[A-Za-z0-9.-]+$/ },
    longestName: 150,
  },
  template: {
    longestName: 255,
    /** Name of the portal's template for racks, which no list shows. */
    reservedNames: ['rack'],
    /** In rack units: it has pictures of no taller devices. */
    tallest: 6,
    /** Of vCPUs, MiB and GiB: a 32-bit integer. */
    largestSize: 2 ** 31 - 1,
  },
} as const;
