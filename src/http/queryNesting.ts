/**
 * How deep the brackets of an operation lie within each other, counted before it is parsed: the parser takes several
 * calls for each level, so that a list of 1,990 levels, which has fewer tokens than are allowed, ends its stack.
 */

/** The deepest level, or the first one above `limit`. A text that is not closed is left to the parser. */
export function nestingOf(source: string, limit: number): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < source.length && deepest <= limit; i++) {
    const character = source.charAt(i);
    if ('([{'.includes(character)) deepest = Math.max(deepest, (depth += 1));
    else if (')]}'.includes(character)) depth -= 1;
    else if (character === '#') i = endOfLine(source, i);
    else if (source.startsWith('"""', i)) i = endOfBlock(source, i + 3);
    else if (character === '"') i = endOfText(source, i + 1);
  }
  return deepest;
}

function endOfLine(source: string, from: number): number {
  let i = from;
  while (i < source.length && !isLineBreak(source, i)) i++;
  return i;
}

/** The quote that ends a text, or the line break, which the parser reports. */
function endOfText(source: string, from: number): number {
  let i = from;
  while (i < source.length && source.charAt(i) !== '"' && !isLineBreak(source, i)) {
    i += source.charAt(i) === '\\' && !isLineBreak(source, i + 1) ? 2 : 1;
  }
  return i;
}

/** The last of the three quotes that end a block, in which `\"""` is text. */
function endOfBlock(source: string, from: number): number {
  let end = source.indexOf('"""', from);
  while (end !== -1 && source.charAt(end - 1) === '\\') end = source.indexOf('"""', end + 3);
  return end === -1 ? source.length : end + 2;
}

function isLineBreak(source: string, at: number): boolean {
  return source.charAt(at) === '\n' || source.charAt(at) === '\r';
}
