/** Why the portal would refuse a change, by code: the field that it would complain about, and the words for people. */
export const refusals = {
  'name-blank': { field: 'name', text: 'its name is empty' },
  'name-too-long': { field: 'name', text: 'its name is too long' },
  'name-characters': { field: 'name', text: 'its name has characters that this release does not accept' },
  'name-taken': { field: 'name', text: 'another one has the same name' },
  'height-out-of-range': { field: 'u_height', text: 'its height is not between 1 and 72 units' },
  'height-occupied': { field: 'u_height', text: 'devices stand in units that it would lose' },
  'height-without-picture': {
    field: 'images',
    text: 'the portal has no picture of a device higher than 6 units',
  },
  'size-out-of-range': {
    field: undefined,
    text: 'vCPUs, memory and disk have to be positive 32-bit integers',
  },
  'status-unsupported': { field: 'status', text: 'this release has no such status' },
  'cost-negative': { field: 'cost', text: 'its cost is below zero' },
  'owner-unknown': { field: undefined, text: 'the portal has no such owner' },
  'order-missing': { field: 'order_id', text: 'it has no order' },
  'order-taken': { field: 'order_id', text: 'another rack has the same order' },
  'cluster-type-missing': {
    field: 'cluster_type',
    text: 'its stack has no cluster type; concertim.default_cluster_type sets one',
  },
  'unit-outside': { field: undefined, text: 'its rack has no such units' },
  'unit-occupied': { field: 'start_u', text: 'another device stands there' },
  'template-of-other-kind': { field: 'template', text: 'its template is for another kind of device' },
  'rack-invalid': {
    field: undefined,
    text: 'its rack is invalid: another rack of the owner has the same name',
  },
  'rack-occupied': { field: undefined, text: 'a device stands in it' },
  'template-used': { field: undefined, text: 'a device is made from it' },
  'rack-refused': { field: undefined, text: 'its rack would be refused' },
  'template-refused': { field: undefined, text: 'its template would be refused' },
} as const satisfies Record<string, { readonly field: string | undefined; readonly text: string }>;

/** Why a change would be refused, for programs. */
export type RefusalCode = keyof typeof refusals;
