/** Reads a JSON file of an archive. It is untrusted: it is bounded, and the first thing that is wrong with it ends its reading. */
import { measureJson } from '../../../jsonSize.js';
import type { Archive } from '../openArchive.js';
import { NoShapeError } from './noShape.js';
import { readText } from './readText.js';

const MAX_LABEL_LENGTH = 200;
const MAX_DEPTH = 64;
const MAX_PARTS = 400_000;
const MAX_NAMES = 20_000;

export type Fields = Readonly<Record<string, unknown>>;

/** Throws NoShapeError, whose message begins after the name of the file. */
export async function readJson(archive: Archive, name: string): Promise<Fields> {
  const text = await readText(archive, name, 'divide it, or save it without the photograph (imageData)');
  requireReadable(text);
  try {
    return fieldsOf(JSON.parse(text), 'it');
  } catch (error) {
    if (error instanceof NoShapeError) throw error;
    throw new NoShapeError('is no JSON', { cause: error });
  }
}

/** Before it is parsed: a few megabytes of brackets take half a second. */
function requireReadable(text: string): void {
  const limits = { depth: MAX_DEPTH, parts: MAX_PARTS, names: MAX_NAMES };
  const { depth, parts, names } = measureJson(Buffer.from(text), limits);
  if (depth > MAX_DEPTH) throw new NoShapeError(`is nested deeper than ${String(MAX_DEPTH)} levels`);
  if (parts > MAX_PARTS)
    throw new NoShapeError(`has more than ${String(MAX_PARTS)} objects, lists, and fields: divide it`);
  if (names > MAX_NAMES) throw new NoShapeError(`has fields of more than ${String(MAX_NAMES)} different names`);
}

export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new NoShapeError(`cannot be read: ${what} must be an object`);
}

export function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new NoShapeError(`cannot be read: ${what} must be a list`);
}

export function textOf(value: unknown, what: string): string {
  if (typeof value === 'string') return value.normalize('NFC');
  throw new NoShapeError(`cannot be read: ${what} must be text`);
}

export function numbersOf(value: unknown, what: string): readonly number[] {
  const list = listOf(value, what);
  if (list.every((one): one is number => typeof one === 'number' && Number.isFinite(one))) return list;
  throw new NoShapeError(`cannot be read: ${what} must be finite numbers`);
}

/** The side of a picture. */
export function sideOf(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value;
  throw new NoShapeError(`cannot be read: ${what} must be a whole number from 1`);
}

/** What a defect is called. */
export function labelOf(value: unknown, what: string): string {
  const label = textOf(typeof value === 'number' ? String(value) : value, what).trim();
  if (label !== '' && label.length <= MAX_LABEL_LENGTH && !/[\p{Cc}\p{Cs}]/u.test(label)) return label;
  throw new NoShapeError(`cannot be read: ${what} must be 1 to ${String(MAX_LABEL_LENGTH)} characters of text`);
}
