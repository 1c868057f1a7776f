/**
 * Estimates the throughput of a device from its steps. What counts is the throughput of full batches: a GPU takes nearly as long for
 * one sample as for thirty, so a step with few rows says little. Pure: no clock, no device.
 */
import type { Capacity } from './capacity.js';
import { ROWS_PER_SAMPLE } from './capacity.js';

/** Weights of a new step in the moving average. Many things make a device slower than it can be; nothing makes it faster. */
const SLOWER_WEIGHT = 0.1;
const FASTER_WEIGHT = 0.5;
/** A batch is full if it has this share of the rows of the largest one. */
const FULL_SHARE = 0.75;

export interface ThroughputEstimator {
  /** Sets the estimate from the calibration of the device. Steps that were recorded before take precedence. */
  seed(capacity: Capacity): void;
  /** Records one step of a bundle. @param maxRows the current row budget */
  record(bundle: string, rows: number, seconds: number, maxRows: number): void;
  /** The estimate for the fullest batches so far; undefined before the first step. */
  secondsPerRow(bundle: string): number | undefined;
  /** The bundle is closed. */
  forget(bundle: string): void;
}

export function createThroughputEstimator(): ThroughputEstimator {
  const estimates = new Map<string, { fullest: number; secondsPerRow: number }>();

  const record = (bundle: string, rows: number, seconds: number, maxRows: number): void => {
    const [estimate, current] = [estimates.get(bundle), seconds / rows];
    const fullest = Math.min(estimate?.fullest ?? 0, maxRows);
    if (estimate === undefined || rows * FULL_SHARE > fullest) {
      estimates.set(bundle, { fullest: rows, secondsPerRow: current });
      return;
    }
    if (rows < fullest * FULL_SHARE) return;
    estimate.fullest = Math.max(fullest, rows);
    estimate.secondsPerRow +=
      (current - estimate.secondsPerRow) * (current < estimate.secondsPerRow ? FASTER_WEIGHT : SLOWER_WEIGHT);
  };

  return {
    seed({ bundle, rows, curve }) {
      if (estimates.has(bundle)) return;
      for (const { samples, seconds } of curve) {
        const measured = samples * ROWS_PER_SAMPLE;
        if (measured <= Math.max(rows, ROWS_PER_SAMPLE)) record(bundle, measured, seconds, rows);
      }
    },
    record,
    secondsPerRow: (bundle) => estimates.get(bundle)?.secondsPerRow,
    forget: (bundle) => void estimates.delete(bundle),
  };
}
