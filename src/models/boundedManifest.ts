/** Reads an uploaded adapter.json or bundle.json so far that whatever works with it afterwards is bounded, and that the database takes it. */
import { ServiceError } from '../errors.js';
import type { AdapterManifest } from '../inference/index.js';
import { isStorable } from '../storage/storableText.js';

/** Words are combined with each other, so their numbers are bounded before anything else is done with them. */
export const VOCABULARY_LIMITS = {
  products: 200,
  defects: 200,
  pairs: 2_000,
  aliases: 1_000,
  phrases: 10_000,
} as const;

/** Every prompt repeats its words. */
const MAX_WORD_LENGTH = 200;
/** It is kept even after the model was deleted. */
const MAX_LICENSE_BYTES = 65_536;
/** Whatever walks it later may use one call for each level. */
const MAX_DEPTH = 32;

type Parsed = Partial<AdapterManifest> | null;
type Invalid = (problem: string, details?: object) => ServiceError;

/** The shape is checked later. Throws `ServiceError` MODEL_INVALID. */
export function boundedManifest(text: string, file: string): AdapterManifest {
  const invalid: Invalid = (problem, details = {}) => {
    const named = `${file}: ${problem}`;
    return new ServiceError('MODEL_INVALID', `body: ${named}`, { field: 'body', problems: [named], ...details });
  };
  let parsed: Parsed;
  try {
    parsed = JSON.parse(text) as Parsed;
  } catch (error) {
    throw invalid(`is not JSON: ${(error as Error).message}`);
  }
  requireStorable(parsed, '', 0, invalid);
  requireSizes(parsed, invalid);
  requireShortWords(parsed, invalid);
  const license = Buffer.byteLength(JSON.stringify(parsed?.license ?? null));
  if (license > MAX_LICENSE_BYTES)
    throw invalid(`/license: has ${String(license)} bytes; at most ${String(MAX_LICENSE_BYTES)} are allowed`, {
      max: MAX_LICENSE_BYTES,
      value: license,
    });
  return parsed as AdapterManifest;
}

function requireStorable(value: unknown, place: string, depth: number, invalid: Invalid): void {
  if (depth > MAX_DEPTH) throw invalid(`is nested deeper than ${String(MAX_DEPTH)} levels`, { max: MAX_DEPTH });
  if (typeof value === 'string') requireStorableText(value, place, invalid);
  if (typeof value !== 'object' || value === null) return;
  const isList = Array.isArray(value);
  for (const [key, item] of Object.entries(value)) {
    if (!isList) requireStorableText(key, place, invalid);
    // The numbers of phrases are most of the file.
    if (typeof item !== 'number') requireStorable(item, `${place}/${key}`, depth + 1, invalid);
  }
}

function requireStorableText(text: string, place: string, invalid: Invalid): void {
  if (!isStorable(text))
    throw invalid(`${place === '' ? '/' : place}: has text with NUL or half of a surrogate pair; export the model again`);
}

function requireSizes(parsed: Parsed, invalid: Invalid): void {
  const { vocabulary, phrases } = parsed ?? {};
  const [products, defects] = [sizeOf(vocabulary?.products), sizeOf(vocabulary?.defects)];
  const sizes = {
    products,
    defects,
    pairs: Math.max(products * defects, sizeOf(vocabulary?.trainedPairs)),
    aliases: sizeOf(vocabulary?.aliases),
    phrases: sizeOf(phrases),
  };
  for (const [name, max] of Object.entries(VOCABULARY_LIMITS)) {
    const value = sizes[name as keyof typeof sizes];
    if (value > max) throw invalid(`has ${String(value)} ${name}; at most ${String(max)} are allowed`, { max, value });
  }
}

function requireShortWords(parsed: Parsed, invalid: Invalid): void {
  const { products, defects, aliases } = parsed?.vocabulary ?? {};
  // An alias is a plant's word and the model's.
  const lists = { products: valuesOf(products), defects: valuesOf(defects), aliases: entriesOf(aliases).flat() };
  for (const [name, words] of Object.entries(lists)) {
    for (const word of words) {
      const value = typeof word === 'string' ? word.length : 0;
      if (value > MAX_WORD_LENGTH)
        throw invalid(
          `/vocabulary/${name}: has a word of ${String(value)} characters; at most ${String(MAX_WORD_LENGTH)} are allowed`,
          { max: MAX_WORD_LENGTH, value },
        );
    }
  }
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

const valuesOf = (value: unknown): unknown[] => entriesOf(value).map(([, item]) => item);

const sizeOf = (value: unknown): number => entriesOf(value).length;
