/** How many rows of the denoiser a device evaluates at a time. */
import type { Bundle } from './bundle/manifest.js';

/** The rows of Eq. 4, which continue two background rows. */
export const ROWS_PER_SAMPLE = 3;

/** The measured duration of one step of this many samples of three rows each. */
export interface CurvePoint {
  readonly samples: number;
  readonly seconds: number;
}

/** Rows that one evaluation of the denoiser may have. */
export interface RowBudget {
  /** The batch with the best throughput. */
  readonly rows: number;
  /** A batch whose step takes little longer than that of a single sample. It applies while a flow with few samples competes. */
  readonly quickRows: number;
}

/** The capacity of a device for one bundle. */
export interface Capacity extends RowBudget {
  readonly bundle: string;
  /** The measurements, fewest samples first. Empty if the rows are configured. */
  readonly curve: readonly CurvePoint[];
}

/** Capacities with a configured number of rows. */
export function fixedCapacities(rows: number, bundles: readonly Bundle[]): readonly Capacity[] {
  return bundles.map(({ id }) => ({ bundle: id, rows, quickRows: rows, curve: [] }));
}

/**
 * A bundle that a tenant brings is not measured, which would stop what the device draws for others: it gets the rows of a few samples,
 * or fewer if so configured.
 */
export const OWN_BUNDLE_ROWS = 4 * ROWS_PER_SAMPLE;

export function ownCapacity(bundle: string, maximumRows: number | null): Capacity {
  const rows = Math.min(OWN_BUNDLE_ROWS, maximumRows ?? OWN_BUNDLE_ROWS);
  return { bundle, rows, quickRows: rows, curve: [] };
}

/** A single sample is drawn whatever its number of rows, so the budgets never fall below one row. */
export function halveBudgets(capacities: readonly Capacity[]): readonly Capacity[] {
  return capacities.map((capacity) => ({ ...capacity, ...capBudget(capacity, Math.max(1, capacity.rows >> 1)) }));
}

export function capBudget(budget: RowBudget, rows: number): RowBudget {
  return { rows: Math.min(rows, budget.rows), quickRows: Math.min(rows, budget.quickRows) };
}
