/** What a text may name: the kind of what is shown, or the name of another object. */
interface Slots {
  readonly object?: string;
  readonly name?: string;
}

/** Why a change is made. Each key is an interface: it keeps its meaning. */
export const changeReasons = {
  'template-missing': 'its flavor has no template yet',
  'tagged-template-missing': 'the portal has no template for {object}s',
  'template-differs': 'it differs from its flavor',
  'flavor-id-changed': 'its flavor was recreated with another id',
  'rack-missing': 'its {object} has no rack yet',
  'rack-full': 'its {object} does not fit into the racks that it has',
  'rack-differs': 'it differs from its {object}',
  'stack-deleted': 'its stack was deleted, and device {name} stays in it',
  'rack-empty': 'no device is left in it',
  'device-missing': 'its {object} has no device yet',
  'device-differs': 'it differs from its {object}',
  'device-moved': 'its {object} is made from another flavor or template, or its stack has another rack',
  'device-duplicate': 'it is the second device of its {object}',
  'name-duplicate': 'another one has the same name',
  'name-free': 'the name of its {object} is free again',
  'cloud-object-gone': 'its {object} is gone from OpenStack',
  'cloud-object-excluded': 'the configuration or a mapping excludes its {object}',
  'template-unused': 'its flavor is gone from OpenStack, and no device uses it',
  'template-excluded': 'the configuration or a mapping excludes its flavor, and no device uses it',
  decommissioned: 'this service created it, and decommission removes that',
} as const satisfies Record<string, string>;

/** Why something is kept that seems to be gone from OpenStack, or that a setting excludes. */
export const heldReasons = {
  'not-listed': 'OpenStack does not list it, but finds it by its id',
  'query-failed': 'OpenStack does not list it, and the query by its id failed',
  'sight-limited': 'OpenStack does not find it, and shows this account nothing of other projects',
  'deletion-unconfirmed': 'OpenStack does not find it, and nothing confirms its deletion',
  'cloud-not-configured': 'it is of cloud {name}, which is not in the configuration any more',
  'device-kept': 'device {name} stays in it',
  'too-many-missing': 'too many are missing from OpenStack at once',
  'too-many-removals': 'too many would be deleted or recreated at once',
} as const satisfies Record<string, string>;

/** Why something is kept, for programs. */
export type HeldReasonCode = keyof typeof heldReasons;
/** A reason for programs. */
export type ReasonCode = keyof typeof changeReasons | HeldReasonCode;

/** Why, for people and for programs. */
export interface Reason<Code extends ReasonCode = ReasonCode> {
  readonly reason: string;
  readonly reasonCode: Code;
}

const texts: Readonly<Record<ReasonCode, string>> = { ...changeReasons, ...heldReasons };

/** The reason of a change, or of what is held. */
export function because<Code extends ReasonCode>(reasonCode: Code, slots: Slots = {}): Reason<Code> {
  return {
    reasonCode,
    reason: texts[reasonCode].replaceAll(
      /\{(object|name)\}/g,
      (_, slot: keyof Slots) => slots[slot] ?? 'object',
    ),
  };
}
