/**
 * How far the clocks of a cloud's controllers may be apart, ms: one stamps a change, another one an answer's `Date`. It also covers
 * that times are cut to seconds, and that a change is committed a moment after its time.
 */
export const clocksApartMs = 60_000;
