/** Seeded choices, so that a run of the fuzzer can be repeated. */

export interface Random {
  /** 0 … n − 1. */
  int(n: number): number;
  chance(share: number): boolean;
  pick<T>(items: readonly T[]): T;
  bytes(n: number): Buffer;
}

/** Mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (n: number): number => Math.floor(next() * n);
  return {
    int,
    chance: (share) => next() < share,
    pick: <T>(items: readonly T[]): T => items[int(items.length)] as T,
    bytes: (n) => Buffer.from(Array.from({ length: n }, () => int(256))),
  };
}

export const ID = '018f0000-0000-7000-8000-000000000000';

/** Text that programs stumble over. */
export const TEXTS: readonly string[] = [
  '',
  ' ',
  'TILE',
  'CRACK',
  'tile',
  'tiny@1.0.0',
  ID,
  'a\u0000b',
  '\ud800',
  '\u202eabc',
  '🦄'.repeat(50),
  'x'.repeat(200),
  'x'.repeat(20_000),
  "'; drop table product; --",
  '../../../etc/passwd',
  '__proto__',
  'constructor',
  '%',
  '{"a":[1]}',
  'WyJhIl0',
  '2026-01-01T00:00:00Z',
  '+275760-09-13T00:00:00Z',
  'http://127.0.0.1:1/',
  'https://[::1]/x',
  'NaN',
];

export const NUMBERS: readonly number[] = [0, 1, 2, 7, 100, 101, -1, 0.5, 1e9, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 1e300];
