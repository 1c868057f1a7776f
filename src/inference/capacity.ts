/** How much a device takes at a time. */
import type { Bundle } from './bundle/manifest.js';

/** Those of Eq. 4, over two backgrounds. */
export const ROWS_PER_SAMPLE = 3;

/** A step of so many samples of three rows each took this long. */
export interface CurvePoint {
  readonly samples: number;
  readonly seconds: number;
}

/** Rows that one evaluation of the denoiser may have. */
export interface RowBudget {
  /** Of the batch that pays. */
  readonly rows: number;
  /** Of a step that takes little longer than that of a single sample: for when somebody with few samples is beside others. */
  readonly quickRows: number;
}

/** Of one bundle on one device. */
export interface Capacity extends RowBudget {
  readonly bundle: string;
  /** As it was measured, the fewest samples first; empty where the rows were given. */
  readonly curve: readonly CurvePoint[];
}

/** Of rows that were given. */
export function fixedCapacities(rows: number, bundles: readonly Bundle[]): readonly Capacity[] {
  return bundles.map(({ id }) => ({ bundle: id, rows, quickRows: rows, curve: [] }));
}

/** A single sample is drawn however many rows it has. */
export function halveBudgets(capacities: readonly Capacity[]): readonly Capacity[] {
  return capacities.map((capacity) => ({ ...capacity, ...capBudget(capacity, Math.max(1, capacity.rows >> 1)) }));
}

export function capBudget(budget: RowBudget, rows: number): RowBudget {
  return { rows: Math.min(rows, budget.rows), quickRows: Math.min(rows, budget.quickRows) };
}
