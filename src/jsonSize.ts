/** How deep JSON is nested and of how many parts it is, counted before it is parsed, because both take their time. */

export interface JsonSize {
  readonly depth: number;
  /** Objects, lists, and the fields of objects. Numbers and text cost little. */
  readonly parts: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Stops above one of the limits. Text that is not JSON is left to the parser. */
export function measureJson(json: Buffer, limits: JsonSize): JsonSize {
  let [open, depth, parts] = [0, 0, 0];
  let inText = false;
  for (let i = 0; i < json.length && depth <= limits.depth && parts <= limits.parts; i++) {
    const byte = json[i];
    if (inText) {
      if (byte === BACKSLASH) i += 1;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    // "[" and "{"; "]" and "}"; ":".
    else if (byte === 0x5b || byte === 0x7b) {
      parts += 1;
      open += 1;
      if (open > depth) depth = open;
    } else if (byte === 0x5d || byte === 0x7d) open -= 1;
    else if (byte === 0x3a) parts += 1;
  }
  return { depth, parts };
}
