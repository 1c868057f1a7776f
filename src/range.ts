/** A number within its bounds, or an error that names the field, the bound and the value. */
import { badInput } from './errors.js';

/** As GraphQL gives what may be left out. */
export type Optional<T> = T | null | undefined;

export interface Range {
  readonly min: number;
  readonly max: number;
}

export function requireInRange(value: number, { min, max }: Range, field: string): number {
  if (Number.isFinite(value) && value >= min && value <= max) return value;
  throw badInput(field, `${String(value)} is out of range ${String(min)} … ${String(max)}`);
}
