import type { Random } from '../../runtime/random.ts';

/** A flow that comes and goes: a mean, and waves around it that never take more than all of it. */
export interface Flow {
  /** A second. */
  readonly mean: number;
  readonly waves: readonly Wave[];
}

interface Wave {
  /** Of the mean; those of a flow add up to less than 1. */
  readonly share: number;
  readonly periodMs: number;
  /** Radians. */
  readonly phase: number;
}

/** What a server does all day. */
export interface Load {
  /** Nanoseconds of one vCPU, a second. */
  readonly cpu: Flow;
  /** Of the flavor's memory, 0 to 1. */
  readonly memory: Flow;
  /** Bytes, of each network interface. */
  readonly incoming: Flow;
  readonly outgoing: Flow;
  /** Bytes, of each disk; requests are of 16 KiB. */
  readonly read: Flow;
  readonly written: Flow;
}

export function steady(mean: number): Flow {
  return { mean, waves: [] };
}

/** A load as it is seen in clusters: some servers work hard, some hardly, and all of them in waves. */
export function loadOf(random: Random): Load {
  const between = (low: number, high: number) => low + (high - low) * random.next();
  const busy = between(0.02, 0.85);
  const flow = (mean: number, swing: number): Flow => ({
    mean,
    waves: [
      { share: swing * 0.6, periodMs: between(120_000, 900_000), phase: between(0, 2 * Math.PI) },
      { share: swing * 0.4, periodMs: between(1_800_000, 14_400_000), phase: between(0, 2 * Math.PI) },
    ],
  });
  return {
    cpu: flow(busy * 1e9, 0.15),
    memory: flow(between(0.1, 0.8), 0.1),
    incoming: flow(busy * between(1e3, 4e6), 0.8),
    outgoing: flow(busy * between(1e3, 2e6), 0.8),
    read: flow(busy * between(1e3, 8e6), 0.9),
    written: flow(busy * between(1e4, 2e7), 0.9),
  };
}

/** How strong it is at that moment, ms since 1970. */
export function strengthAt({ mean, waves }: Flow, at: number): number {
  const swing = waves.reduce(
    (sum, { share, periodMs, phase }) => sum + share * Math.sin((2 * Math.PI * at) / periodMs + phase),
    0,
  );
  return mean * (1 + swing);
}

/** How much has flown from one moment to another. */
export function amountBetween({ mean, waves }: Flow, from: number, to: number): number {
  let seconds = (to - from) / 1000;
  for (const { share, periodMs, phase } of waves) {
    const turn = (2 * Math.PI) / periodMs;
    seconds += ((share / turn) * (Math.cos(turn * from + phase) - Math.cos(turn * to + phase))) / 1000;
  }
  return mean * seconds;
}
