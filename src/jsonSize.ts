/** How deep JSON is nested and of how many parts it is, counted before it is parsed, because both take their time. */

export interface JsonSize {
  readonly depth: number;
  /** Objects, lists, and the fields of objects. Numbers and text cost little. */
  readonly parts: number;
  /** Different names of fields, about: they cost ten times what fields of the same names do. */
  readonly names: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** A smaller text has few names. */
const LEAST_BYTES = 100_000;
const HASH_BITS = 18;

/** Stops above one of the limits. Text that is not JSON is left to the parser. */
export function measureJson(json: Buffer, limits: JsonSize): JsonSize {
  let [open, depth, parts, names] = [0, 0, 0, 0];
  const known = json.length < LEAST_BYTES ? undefined : new Uint8Array(2 ** HASH_BITS);
  let inText = false;
  let hash = 0;
  for (let i = 0; i < json.length; i++) {
    if (depth > limits.depth || parts > limits.parts || names > limits.names) break;
    const byte = json[i] ?? 0;
    if (inText) {
      if (byte === QUOTE) inText = false;
      // FNV-1a.
      else hash = Math.imul(hash ^ byte, 0x01000193);
      if (byte === BACKSLASH) i += 1;
    } else if (byte === QUOTE) {
      inText = true;
      hash = 0x811c9dc5 | 0;
    }
    // "[" and "{"; "]" and "}"; ":".
    else if (byte === 0x5b || byte === 0x7b) {
      parts += 1;
      open += 1;
      if (open > depth) depth = open;
    } else if (byte === 0x5d || byte === 0x7d) open -= 1;
    else if (byte === 0x3a) {
      parts += 1;
      const slot = hash >>> (32 - HASH_BITS);
      if (known?.[slot] === 0) names += known[slot] = 1;
    }
  }
  return { depth, parts, names };
}
