/** The prompt names that a training can learn: they are the names of its folders, which the training package reads as words. */

import { badInput } from '../errors.js';
import { VOCABULARY_LIMITS } from '../models/boundedManifest.js';

/** What the training package takes for the normal state, or for a part of the layout. */
const RESERVED = {
  product: ['train', 'test', 'ground truth', 'manifest.csv'],
  defect: ['good', 'ok', 'normal', 'goods', 'defect free', 'no defect', 'non defective', 'gut', 'io'],
} as const;
const MAX_BYTES = 200;

export type NameKind = keyof typeof RESERVED;

/** The name as a training can learn it: the same one if it can. Undefined if nothing is left of it. */
export function trainableName(kind: NameKind, promptName: string): string | undefined {
  const name = promptName
    .normalize('NFC')
    .replace(/[\p{Cf}\p{Cc}\p{Cn}\p{Co}]/gu, '')
    .replace(/[_/\\\s]+/gu, ' ')
    .replace(/^[ .]+|[ .]+$/g, '')
    .toLowerCase()
    .normalize('NFC');
  const isReserved = (RESERVED[kind] as readonly string[]).includes(name);
  if (name === '' || isReserved || Buffer.byteLength(name) > MAX_BYTES) return undefined;
  return name;
}

/** A model with more words could not be published. Throws `ServiceError` BAD_USER_INPUT. @param products and defects: prompt names */
export function requireFewWords(products: ReadonlySet<string>, defects: ReadonlySet<string>, field: string): void {
  const sizes = { products: products.size, defects: defects.size, pairs: products.size * defects.size };
  for (const [name, value] of Object.entries(sizes)) {
    const max = VOCABULARY_LIMITS[name as keyof typeof sizes];
    const what = name === 'pairs' ? 'combinations of a product and a defect' : name;
    if (value > max)
      throw badInput(
        field,
        `the data set has ${String(value)} ${what}; a model knows at most ${String(max)}: make several data sets`,
      );
  }
}
