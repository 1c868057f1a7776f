/** Checks that a number is within its bounds. The error names the field, the bounds and the value. */
import { ServiceError, badInput } from './errors.js';

/** An input field that may be left out, as GraphQL passes it on. */
export type Optional<T> = T | null | undefined;

export interface Range {
  readonly min: number;
  readonly max: number;
}

export function requireInRange(value: number, { min, max }: Range, field: string): number {
  if (Number.isFinite(value) && value >= min && value <= max) return value;
  throw outOfRange(field, `${String(value)} is out of range ${String(min)} … ${String(max)}`, { min, max, value });
}

/** @param noun what the list has, for the message: "points" */
export function requireLength(list: readonly unknown[], { min, max }: Range, field: string, noun: string): void {
  const value = list.length;
  if (value >= min && value <= max) return;
  throw outOfRange(field, `must have ${String(min)} … ${String(max)} ${noun}, has ${String(value)}`, {
    min,
    max,
    value,
  });
}

/** An error of a value beside its bounds, which clients can read from `extensions`. */
export function outOfRange(field: string, problem: string, bounds: Range & { readonly value: number }): ServiceError {
  const { code, message, extensions } = badInput(field, problem);
  return new ServiceError(code, message, { ...extensions, ...bounds });
}
