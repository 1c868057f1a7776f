/** The coverage of a (product, defect) pair by a bundle. */
import type { Manifest } from './manifest.js';

/** `TRAINED`: seen together in training. `ZERO_SHOT`: both seen, never together. `UNSUPPORTED`: at least one was never seen. */
export type Coverage = 'TRAINED' | 'ZERO_SHOT' | 'UNSUPPORTED';

/** Every product is trained on its normal state, whose defect word is the manifest's ("good"). */
export function coverage(manifest: Manifest, product: string, defect: string): Coverage {
  const { products, defects, trainedPairs } = manifest.vocabulary;
  if (!products.includes(product)) return 'UNSUPPORTED';
  if (defect === manifest.prompts.normal) return 'TRAINED';
  if (!defects.includes(defect)) return 'UNSUPPORTED';
  return trainedPairs.some(([p, d]) => p === product && d === defect) ? 'TRAINED' : 'ZERO_SHOT';
}
