/** A source of chance: jitter and the sandbox's story take one, so that a seed repeats them. */
export interface Random {
  /** A number from 0 up to, but not including, 1. */
  next(): number;
}

/** Unpredictable, for jitter. Not for secrets. */
export const systemRandom: Random = { next: () => Math.random() };

/** The same numbers for the same seed (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
  };
}
