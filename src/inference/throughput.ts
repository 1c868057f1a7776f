/**
 * How fast a device is, as its steps tell. What counts is its speed in full use: a GPU takes nearly as long for one sample as
 * for thirty, so a step of few rows says little of what it can do. Pure: no clock, no device.
 */
import type { Capacity } from './capacity.js';
import { ROWS_PER_SAMPLE } from './capacity.js';

/** Of a new step, in the running mean. A device is slower than it can be for many reasons, and faster for none. */
const WEIGHT_OF_SLOWER = 0.1;
const WEIGHT_OF_FASTER = 0.5;
/** A step is one in full use that has this share of the rows of the fullest. */
const FULL = 0.75;

export interface ThroughputEstimator {
  /** What was measured when it opened; of no use once there are steps. */
  seed(capacity: Capacity): void;
  /** One step of a bundle was made, of so many rows, at a time when it takes `most`. */
  record(bundle: string, rows: number, seconds: number, most: number): void;
  /** In full use, as far as it has been in use; undefined before the first step. */
  secondsPerRow(bundle: string): number | undefined;
}

export function createThroughputEstimator(): ThroughputEstimator {
  const known = new Map<string, { fullest: number; secondsPerRow: number }>();

  const record = (bundle: string, rows: number, seconds: number, most: number): void => {
    const [own, now] = [known.get(bundle), seconds / rows];
    const fullest = Math.min(own?.fullest ?? 0, most);
    if (own === undefined || rows * FULL > fullest) {
      known.set(bundle, { fullest: rows, secondsPerRow: now });
      return;
    }
    if (rows < fullest * FULL) return;
    own.fullest = Math.max(fullest, rows);
    own.secondsPerRow += (now - own.secondsPerRow) * (now < own.secondsPerRow ? WEIGHT_OF_FASTER : WEIGHT_OF_SLOWER);
  };

  return {
    seed({ bundle, rows, curve }) {
      if (known.has(bundle)) return;
      for (const { samples, seconds } of curve) {
        const measured = samples * ROWS_PER_SAMPLE;
        if (measured <= Math.max(rows, ROWS_PER_SAMPLE)) record(bundle, measured, seconds, rows);
      }
    },
    record,
    secondsPerRow: (bundle) => known.get(bundle)?.secondsPerRow,
  };
}
