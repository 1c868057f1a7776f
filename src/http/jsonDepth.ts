/** Bounds how deep JSON is nested, before it is parsed: whatever walks it later may use one call for each level. */

const MAX_JSON_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Throws an error with status 400. Text that is not JSON is left to the parser. */
export function requireShallow(json: Buffer): void {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (inText) {
      if (byte === BACKSLASH) i += 1;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    // "[" and "{"; "]" and "}".
    else if (byte === 0x5b || byte === 0x7b) depth += 1;
    else if (byte === 0x5d || byte === 0x7d) depth -= 1;
    if (depth > MAX_JSON_DEPTH) {
      const message = `it is nested deeper than ${String(MAX_JSON_DEPTH)} levels`;
      throw Object.assign(new Error(message), { status: 400 });
    }
  }
}
