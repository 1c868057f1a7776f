import { weightOf } from '../../src/exports/sidecar.js';

test('a sample weighs its confidence times its agreement, or what is known of them', () => {
  expect(weightOf({ confidence: 0.8, agreement: 0.5 })).toBe(0.4);
  expect(weightOf({ confidence: 0.8, agreement: null })).toBe(0.8);
  expect(weightOf({ confidence: null, agreement: 0.5 })).toBe(0.5);
  expect(weightOf({ confidence: null, agreement: null })).toBe(1);
});
