/** Brackets within brackets, as the parser would read them. */
import { nestingOf } from '../src/http/queryNesting.js';

test.each([
  ['{ a(b: [1, { c: 2 }]) }', 4],
  ['{ a } { b } { c }', 1],
  ['{ a(b: "[[[[") }', 2],
  ['{ a(b: "\\"[[[[\\\\") }', 2],
  ['{ a(b: """[[ " \\""" [[""") { c } }', 2],
  ['{ a # [[[[\n }', 1],
  ['{ a(b: "" c: """""" d: [[1]]) }', 4],
  // Not closed: the parser refuses them.
  ['{ a(b: """[[[[', 2],
  ['{ a(b: "[[[[\n[', 3],
  [']]]]{ a }', 0],
  ['', 0],
])('%j has %d levels', (source, levels) => {
  expect(nestingOf(source, 64)).toBe(levels);
});

test('no more is read than tells that the limit is exceeded', () => {
  expect(nestingOf('['.repeat(100_000), 64)).toBe(65);
});
