/** Checks lists in which nothing may be named twice. */
import { badInput, quote } from './errors.js';

/** @param fieldOf the field of the item with this index, for the message. Throws BAD_USER_INPUT for the first repeated one. */
export function requireEachOnce(
  values: readonly string[],
  fieldOf: (index: number) => string,
  told: (value: string | undefined) => string = quote,
): void {
  const seen = new Set<string>();
  const twice = values.findIndex((value) => seen.size === seen.add(value).size);
  if (twice >= 0) throw badInput(fieldOf(twice), `${told(values[twice])} is given twice`);
}
