/** JSON of an answer. That of a large one is built in turns, so that no other request waits for the whole of it. */
import type { Answer } from '../resolvers/boundedAnswers.js';

/** Objects of an answer, or its characters, which JSON.stringify takes less than a millisecond for. */
const SMALL = { nodes: 500, bytes: 64 * 1024 };
const CHARACTERS_PER_TURN = 16 * 1024;

/** @param answer the size of what was resolved, if that is known */
export function stringifyInTurns(result: unknown, answer: Answer | undefined): string | Promise<string> {
  return answer === undefined || !isLarge(answer) ? JSON.stringify(result) : inTurns(result, answer);
}

export function isLarge({ nodes, bytes }: Answer): boolean {
  return nodes > SMALL.nodes || bytes > SMALL.bytes;
}

async function inTurns(result: unknown, { turns, tenantId }: Answer): Promise<string> {
  const parts: string[] = [];
  let text = '';
  for (const piece of piecesOf(result)) {
    text += piece;
    if (text.length < CHARACTERS_PER_TURN) continue;
    parts.push(text);
    text = '';
    await turns.next(tenantId);
  }
  return parts.join('') + text;
}

function* piecesOf(value: unknown): Generator<string> {
  if (Array.isArray(value)) {
    let before = '[';
    for (const item of value as unknown[]) {
      yield before;
      yield* piecesOf(item);
      before = ',';
    }
    yield before === '[' ? '[]' : ']';
  } else if (isTree(value)) {
    let before = '{';
    for (const [name, field] of Object.entries(value)) {
      if (field === undefined) continue;
      yield `${before}${JSON.stringify(name)}:`;
      yield* piecesOf(field);
      before = ',';
    }
    yield before === '{' ? '{}' : '}';
  } else yield JSON.stringify(value);
}

/** An object with objects in it. Dates and the like have a JSON of their own. */
function isTree(value: unknown): value is object {
  return isPlain(value) && Object.values(value).some((field) => isPlain(field) || Array.isArray(field));
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('toJSON' in value);
}
