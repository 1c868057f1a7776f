/** Arrival times, identical for all compared policies. */

/** Mulberry32: uniform in [0, 1), the same row of numbers for the same seed. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Arrival {
  /** Seconds. */
  readonly at: number;
  /** Samples. */
  readonly count: number;
  readonly share: string;
}

/** Single samples of one share, so many a second on average: a Poisson process. */
export function poisson(perSecond: number, seconds: number, seed: number): Arrival[] {
  const uniform = random(seed);
  const arrivals: Arrival[] = [];
  for (let at = -Math.log(1 - uniform()) / perSecond; at < seconds; at -= Math.log(1 - uniform()) / perSecond)
    arrivals.push({ at, count: 1, share: 'single' });
  return arrivals;
}

/** A generation of many samples that was there before the first of the others. */
export const behindLong = (count: number, arrivals: readonly Arrival[]): Arrival[] => [
  { at: 0, count, share: 'long' },
  ...arrivals,
];
