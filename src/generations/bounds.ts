/** A number within its bounds, or an error that names the field, the bound and the value. */
import { badInput } from '../errors.js';

/** As GraphQL gives what may be left out. */
export type Optional<T> = T | null | undefined;

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

export function within(value: number, { min, max }: Bounds, field: string): number {
  if (Number.isFinite(value) && value >= min && value <= max) return value;
  throw badInput(field, `${String(value)} is out of range ${String(min)} … ${String(max)}`);
}
