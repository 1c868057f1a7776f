/** Checks that a number is within its bounds. The error names the field, the bounds and the value. */
import { badInput } from './errors.js';

/** An input field that may be left out, as GraphQL passes it on. */
export type Optional<T> = T | null | undefined;

export interface Range {
  readonly min: number;
  readonly max: number;
}

export function requireInRange(value: number, { min, max }: Range, field: string): number {
  if (Number.isFinite(value) && value >= min && value <= max) return value;
  throw badInput(field, `${String(value)} is out of range ${String(min)} … ${String(max)}`);
}
