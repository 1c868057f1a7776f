/** The coverage of a (product, defect) pair by a bundle. */
import type { Manifest } from './manifest.js';

/** `TRAINED`: seen together in training. `ZERO_SHOT`: both seen, never together. `UNSUPPORTED`: at least one was never seen. */
export type Coverage = 'TRAINED' | 'ZERO_SHOT' | 'UNSUPPORTED';

interface Words {
  readonly products: ReadonlySet<string>;
  readonly defects: ReadonlySet<string>;
  readonly trained: ReadonlySet<string>;
}

/** Many pairs of one manifest are asked for at a time, and each one would search all of its lists. */
const known = new WeakMap<Manifest, Words>();

/** Every product is trained on its normal state, whose defect word is the manifest's ("good"). */
export function coverage(manifest: Manifest, product: string, defect: string): Coverage {
  const { products, defects, trained } = wordsOf(manifest);
  if (!products.has(product)) return 'UNSUPPORTED';
  if (defect === manifest.prompts.normal) return 'TRAINED';
  if (!defects.has(defect)) return 'UNSUPPORTED';
  return trained.has(JSON.stringify([product, defect])) ? 'TRAINED' : 'ZERO_SHOT';
}

function wordsOf(manifest: Manifest): Words {
  const found = known.get(manifest);
  if (found !== undefined) return found;
  const { products, defects, trainedPairs } = manifest.vocabulary;
  const words = {
    products: new Set(products),
    defects: new Set(defects),
    trained: new Set(trainedPairs.map((pair) => JSON.stringify(pair))),
  };
  known.set(manifest, words);
  return words;
}
