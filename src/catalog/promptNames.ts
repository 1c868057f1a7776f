/**
 * From what a plant calls a thing to the word that a model reads. In this order: the tenant's own alias, a word of a
 * model, an alias of a model, an alias of the paper whose word a model knows.
 */
import { distance } from 'fastest-levenshtein';
import type { Bundle } from '../inference/index.js';
import { PAPER_ALIASES } from './paperAliases.js';
import { wordKey } from './words.js';

export type Kind = 'PRODUCT' | 'DEFECT';

export interface Vocabulary {
  /** Undefined when no model knows it, under whatever name. */
  find(text: string): string | undefined;
  /** The nearest of the words that the models know, the nearest first. */
  nearest(text: string): string[];
}

const SUGGESTIONS = 3;

/** Of all models together; where they spell a word differently, the first one's spelling counts. */
export function vocabularyOf(bundles: readonly Bundle[], kind: Kind): Vocabulary {
  const words = [...new Set(bundles.flatMap((bundle) => wordsOf(bundle, kind)))];
  const exact = new Set(words);
  const byKey = new Map(words.toReversed().map((word) => [wordKey(word), word]));
  const models = bundles.flatMap(({ manifest }) => Object.entries(manifest.vocabulary.aliases ?? {}));
  const known = kind === 'DEFECT' ? [...models, ...Object.entries(PAPER_ALIASES)] : [];
  const aliases = new Map(known.toReversed().map(([alias, word]) => [wordKey(alias), word]));

  const word = (text: string) => (exact.has(text) ? text : byKey.get(wordKey(text)));
  return {
    find: (text) => word(text) ?? word(aliases.get(wordKey(text)) ?? ''),
    nearest(text) {
      const key = wordKey(text);
      const measured = words.map((candidate) => ({ candidate, far: distance(key, wordKey(candidate)) }));
      measured.sort((a, b) => a.far - b.far || (a.candidate < b.candidate ? -1 : 1));
      return measured.slice(0, SUGGESTIONS).map(({ candidate }) => candidate);
    },
  };
}

/** What a model can draw: "good" is the word of the normal state. */
export function wordsOf({ manifest }: Bundle, kind: Kind): readonly string[] {
  const { products, defects } = manifest.vocabulary;
  return kind === 'PRODUCT' ? products : [...defects, manifest.prompts.normal];
}
