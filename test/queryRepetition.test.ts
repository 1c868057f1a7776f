/** Pairs of fields of one name, as the validation compares them. */
import { parse } from 'graphql';
import { repetitionOf } from '../src/http/queryRepetition.js';

const pairsOf = (source: string): number => repetitionOf(parse(source), 20_000);

test.each([
  ['{ a b c { a b } }', 0],
  ['{ a a a }', 3],
  ['{ a { b } a { b } a { c } }', 3 + 1],
  ['{ x: a y: a z: b }', 0],
  ['{ ... { a } ... { a } }', 1],
  // The fragment's own set, and the two at the root.
  ['{ ...F a } fragment F on Query { a a }', 1 + 3],
  ['{ ...F ...F } fragment F on Query { a }', 0],
  ['{ a { ...F } } fragment F on A { a { ...F } }', 0],
  ['{ ...None }', 0],
])('%s: %d', (source, pairs) => {
  expect(pairsOf(source)).toBe(pairs);
});

test('many of them are counted no further than the limit', () => {
  expect(pairsOf(`{${' serverInfo { version }'.repeat(490)} }`)).toBeGreaterThan(20_000);
  const web = Array.from({ length: 60 }, (_, i) => `fragment F${String(i)} on Q { ${'a { ...F1 ...F2 } '.repeat(6)}}`);
  expect(pairsOf(`{ ...F0 } ${web.join(' ')}`)).toBeGreaterThan(20_000);
});
