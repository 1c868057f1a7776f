/** Bounds JSON before it is parsed: whatever walks it later may use one call for each level, and takes time for each part. */
import { measureJson } from '../jsonSize.js';

/** A catalog import of the largest size has fewer parts. Parsing so many takes a tenth of a second. */
const LIMITS = { depth: 64, parts: 250_000, names: 20_000 } as const;

/** Throws an error with status 400. Text that is not JSON is left to the parser. */
export function requireShallow(json: Buffer): void {
  const { depth, parts, names } = measureJson(json, LIMITS);
  if (depth > LIMITS.depth) throw badRequest(`it is nested deeper than ${String(LIMITS.depth)} levels`);
  if (parts > LIMITS.parts)
    throw badRequest(`it has more than ${String(LIMITS.parts)} objects, lists, and fields of objects`);
  if (names > LIMITS.names) throw badRequest(`its fields have more than ${String(LIMITS.names)} different names`);
}

function badRequest(message: string): Error {
  return Object.assign(new Error(message), { status: 400 });
}
