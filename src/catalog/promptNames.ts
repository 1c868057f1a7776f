/**
 * Maps a plant's name of a thing to the word that a model reads. In this order: the tenant's own alias, a word of a
 * model, an alias of a model, an alias of the paper whose word a model knows.
 */
import { distance } from 'fastest-levenshtein';
import type { Bundle } from '../inference/index.js';
import { PAPER_ALIASES } from './paperAliases.js';
import { normalizeName } from './normalizeName.js';

export type CatalogKind = 'PRODUCT' | 'DEFECT';

export interface VocabularyIndex {
  /** Undefined if no model knows the name or an alias of it. */
  find(text: string): string | undefined;
  /** The nearest words that the models know, the nearest first. */
  nearest(text: string): string[];
}

const SUGGESTIONS = 3;

/** The vocabulary of all models together. If they spell a word differently, the first spelling counts. */
export function buildVocabulary(bundles: readonly Bundle[], kind: CatalogKind): VocabularyIndex {
  const words = [...new Set(bundles.flatMap((bundle) => vocabularyWords(bundle, kind)))];
  const exact = new Set(words);
  const byKey = new Map(words.toReversed().map((word) => [normalizeName(word), word]));
  const models = bundles.flatMap(({ manifest }) => Object.entries(manifest.vocabulary.aliases ?? {}));
  const known = kind === 'DEFECT' ? [...models, ...Object.entries(PAPER_ALIASES)] : [];
  const aliases = new Map(known.toReversed().map(([alias, word]) => [normalizeName(alias), word]));

  const word = (text: string) => (exact.has(text) ? text : byKey.get(normalizeName(text)));
  return {
    find: (text) => word(text) ?? word(aliases.get(normalizeName(text)) ?? ''),
    nearest(text) {
      const key = normalizeName(text);
      const measured = words.map((candidate) => ({ candidate, far: distance(key, normalizeName(candidate)) }));
      measured.sort((a, b) => a.far - b.far || (a.candidate < b.candidate ? -1 : 1));
      return measured.slice(0, SUGGESTIONS).map(({ candidate }) => candidate);
    },
  };
}

/** The words that a model can draw. "good" is the word of the normal state. */
export function vocabularyWords({ manifest }: Bundle, kind: CatalogKind): readonly string[] {
  const { products, defects } = manifest.vocabulary;
  return kind === 'PRODUCT' ? products : [...defects, manifest.prompts.normal];
}
