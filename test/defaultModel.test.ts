/** Which bundle draws for who names none. */
import type { Bundle } from '../src/inference/index.js';
import { createModelRegistry } from '../src/catalog/modelRegistry.js';

function bundle(name: string, version: string, pairs: number, adapter = false): Bundle {
  const trainedPairs = Array.from({ length: pairs }, (_, i) => ['part', `defect ${String(i)}`]);
  const manifest = { vocabulary: { trainedPairs } };
  return {
    id: `${name}@${version}`,
    name,
    version,
    manifest,
    ...(adapter ? { adapter: {} } : {}),
  } as unknown as Bundle;
}

const byDefault = (...bundles: Bundle[]): string => createModelRegistry(bundles, undefined).find().id;

test('it is the bundle that was trained on the most pairs', () => {
  expect(byDefault(bundle('few', '1.0.0', 11), bundle('many', '1.0.0', 18))).toBe('many@1.0.0');
});

test('of a bundle, the newest version counts, even with fewer pairs', () => {
  expect(byDefault(bundle('one', '1.9.0', 18), bundle('one', '1.10.0', 11))).toBe('one@1.10.0');
});

test('of two that know as much, it is the first by name', () => {
  expect(byDefault(bundle('b', '1.0.0', 5), bundle('a', '1.0.0', 5))).toBe('a@1.0.0');
});

test('an adapter is never chosen unasked', () => {
  const bundles = [bundle('base', '1.0.0', 1), bundle('own', '1.0.0', 9, true)];
  expect(byDefault(...bundles)).toBe('base@1.0.0');
  expect(createModelRegistry(bundles, 'own').find().id).toBe('own@1.0.0');
});
