/**
 * Why an object is removed from the portal, for good or to be recreated. Code that plans a deletion has to name one of these,
 * and with it what may stop the deletion.
 */
export type Ground = keyof typeof brakeOf;

/** What may stop a removal: nothing, since it has a proof (`lifted`); how much is missing; how much our own plan would remove. */
export const brakeOf = {
  /** The cloud reports that it deleted it, or that it is nested in another stack. */
  deleted: 'lifted',
  /** Not listed, and not found by its id. */
  absent: 'absence',
  /** A mapping or a setting leaves it out. */
  'left out': 'decision',
  /** Another device of the same server stays. */
  double: 'lifted',
  /** The rack is empty, and its source is shown in other racks or not at all. */
  empty: 'lifted',
  /** A template that we made for a flavor which is gone, and that nothing uses any more. */
  unused: 'lifted',
  /** The server has another flavor; the one that it had is still there. */
  resized: 'lifted',
  /** The flavor that the device was made from no longer exists, and the server has another one. */
  'another flavor': 'decision',
  /** The server belongs into another rack. */
  moved: 'decision',
} as const satisfies Record<string, 'lifted' | 'absence' | 'decision'>;
