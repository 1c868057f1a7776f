/** The equations, against the golden numbers of the method and of the generator's authors. */
import type { Condition, GuidanceInput } from '../../src/inference/method/guidance.js';
import { guidancePlan, shareBackgrounds, guidedNoise } from '../../src/inference/method/guidance.js';
import { isLateTimestep } from '../../src/inference/method/maskThreshold.js';
import { gaussianNoise, philox4x32 } from '../../src/inference/method/noise.js';
import { fillPrompts } from '../../src/inference/method/prompts.js';
import { alphasCumprod, betas, timestepsAboveZero, timestepsToZero } from '../../src/inference/method/noiseSchedule.js';

const schedule = { numTrainTimesteps: 1000, betaStart: 1e-4, betaEnd: 0.02, betaSchedule: 'linear' } as const;

describe('noise', () => {
  // Random123, tests/kat_vectors: philox4x32 with 10 rounds.
  test.each([
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ] as const)('Philox4x32-10 of counter %j and key %j is that of its authors', (counter, key, expected) => {
    expect(
      philox4x32(counter, key)
        .map((word) => word.toString(16).padStart(8, '0'))
        .join(' '),
    ).toBe(expected);
  });

  test('is Box–Muller over the words of the blocks in order', () => {
    const [w0, w1, w2, w3] = philox4x32([1, 3, 0, 0], [42, 0]);
    const u = (word: number): number => (word + 0.5) / 2 ** 32;
    const pair = (a: number, b: number): number[] => {
      const radius = Math.sqrt(-2 * Math.log(u(a)));
      return [radius * Math.cos(2 * Math.PI * u(b)), radius * Math.sin(2 * Math.PI * u(b))];
    };
    expect([...gaussianNoise(42, 3, 8).slice(4)]).toEqual([...pair(w0, w1), ...pair(w2, w3)].map(Math.fround));
  });

  test('is standard normal', () => {
    const noise = gaussianNoise(1, 0, 100_000);
    const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
    const moment = (power: number): number =>
      noise.reduce((sum, value) => sum + (value - mean) ** power, 0) / noise.length;
    expect(Math.abs(mean)).toBeLessThan(0.01);
    expect(moment(2)).toBeCloseTo(1, 1);
    expect(moment(4)).toBeCloseTo(3, 0);
  });

  test('differs from seed to seed and from stream to stream, and a longer tensor begins like a shorter one', () => {
    const noise = gaussianNoise(5, 0, 16);
    expect(gaussianNoise(6, 0, 16)).not.toEqual(noise);
    expect(gaussianNoise(5, 1, 16)).not.toEqual(noise);
    expect(gaussianNoise(5 + 2 ** 32, 0, 16)).not.toEqual(noise);
    expect(gaussianNoise(5, 0, 7)).toEqual(noise.slice(0, 7));
  });
});

describe('schedule (method.md §2.4)', () => {
  const alphaBar = alphasCumprod(schedule);

  test.each([
    [0, 0.9999],
    [1, 0.999780092072],
    [20, 0.993735428572],
    [41, 0.978868755331],
    [99, 0.897018145675],
    [100, 0.895141590898],
    [500, 0.077796658365],
    [750, 0.003300158362],
    [999, 0.000040358298],
  ])('ᾱ at %i is %f', (t, expected) => {
    expect(alphaBar[t]).toBeCloseTo(expected, 11);
  });

  test('β rises linearly', () => {
    expect(betas(schedule)[20]).toBeCloseTo(4.983984e-4, 9);
    expect(betas(schedule)[500]).toBeCloseTo(0.01005996, 7);
    expect(betas(schedule)[999]).toBe(0.02);
  });

  test('scaled β rises linearly in its root', () => {
    const scaled = betas({
      ...schedule,
      betaSchedule: 'scaled_linear',
      betaStart: 0.0001,
      betaEnd: 0.04,
      numTrainTimesteps: 3,
    });
    expect(scaled[0]).toBeCloseTo(1e-4, 12);
    expect(scaled[1]).toBeCloseTo(0.105 ** 2, 12);
    expect(scaled[2]).toBeCloseTo(0.04, 12);
  });

  test('50 steps visit the published timesteps', () => {
    const published =
      '0 20 41 61 82 102 122 143 163 183 204 224 245 265 285 306 326 347 367 387 408 428 449 469 489 510 530 550 571 591 612 632 652 673 693 714 734 754 775 795 816 836 856 877 897 917 938 958 979 999';
    expect(timestepsToZero(1000, 50).reverse().join(' ')).toBe(published);
  });

  test('ties are rounded to even, as numpy does', () => {
    // 999 / 6 = 166.5 and its odd multiples are ties.
    expect(timestepsToZero(1000, 7)).toEqual([999, 832, 666, 500, 333, 166, 0]);
  });

  test('DPM-Solver++ stops above zero', () => {
    expect(timestepsAboveZero(1000, 10)).toEqual([999, 899, 799, 699, 599, 500, 400, 300, 200, 100]);
  });

  test.each([
    [10, 1],
    [20, 2],
    [25, 3],
    [50, 5],
    [100, 10],
    [250, 25],
  ])('of %i steps, %i are below t = 100 and give mask features', (steps, late) => {
    const timesteps = timestepsToZero(1000, steps);
    expect(timesteps.filter((_, index) => isLateTimestep(timesteps, index, 100))).toHaveLength(late);
  });

  test('the last step gives mask features even when it is not late', () => {
    const timesteps = timestepsAboveZero(1000, 4);
    expect(timesteps.map((_, index) => isLateTimestep(timesteps, index, 100))).toEqual([false, false, false, true]);
  });
});

describe('guidance', () => {
  const input: GuidanceInput = {
    guidance: 'DOUBLE_FREE',
    defect: 'scratch',
    product: 'tile',
    normal: 'good',
    strength: 1,
    productScale: 1,
  };
  /** The scalars of method.md §2.4: ε(g,∅) = 0.1, ε(g,p) = 0.3, ε(d,∅) = 0.7, and 1.3 for ε(d,p). */
  const scalar = ({ defect, product }: Condition): number =>
    defect === 'good' ? (product === null ? 0.1 : 0.3) : product === null ? 0.7 : 1.3;
  const guided = (changes: Partial<GuidanceInput>): number => {
    const { rows } = guidancePlan({ ...input, ...changes });
    return (
      guidedNoise(
        rows,
        rows.map((row) => Float32Array.of(scalar(row))),
      )[0] ?? NaN
    );
  };

  test.each([
    [1, 1, 0.9],
    [1, 2, 1.5],
    [2, 0.5, 0.8],
    [1, 0, 0.3],
    [0, 0, 0.1],
  ])('Eq. 4 with w_p = %f and w_d = %f gives %f', (productScale, strength, expected) => {
    expect(guided({ productScale, strength })).toBeCloseTo(expected, 6);
  });

  test.each([
    [0, 0.3],
    [1, 1.3],
    [2, 2.3],
  ])('relative to the product, w_d = %f gives %f', (strength, expected) => {
    expect(guided({ guidance: 'PRODUCT_RELATIVE', strength })).toBeCloseTo(expected, 6);
  });

  test('rows that do not count are not evaluated', () => {
    const rows = (changes: Partial<GuidanceInput>): string[] =>
      guidancePlan({ ...input, ...changes }).rows.map(({ defect, product }) => `${defect},${product ?? '∅'}`);
    expect(rows({ productScale: 2 })).toEqual(['good,∅', 'good,tile', 'scratch,∅']);
    expect(rows({ strength: 0 })).toEqual(['good,tile']);
    expect(rows({ defect: 'good' })).toEqual(['good,tile']);
    expect(rows({ productScale: 0.7, strength: 0.3 })).toEqual(['good,tile', 'scratch,∅']);
    expect(rows({ guidance: 'PRODUCT_RELATIVE' })).toEqual(['scratch,tile']);
    expect(rows({ guidance: 'PRODUCT_RELATIVE', defect: 'good' })).toEqual(['good,tile']);
  });

  test('the mask comes from the row that carries the defect, and from none without a defect', () => {
    expect(guidancePlan({ ...input, productScale: 2 }).maskRow).toBe(2);
    expect(guidancePlan({ ...input, guidance: 'PRODUCT_RELATIVE', strength: 2 }).maskRow).toBe(1);
    expect(guidancePlan({ ...input, strength: 0 }).maskRow).toBeNull();
    expect(guidancePlan({ ...input, defect: 'good' })).toMatchObject({ maskRow: null, varianceRow: 0 });
  });

  test('rows of one product share its background: two for the three rows of Eq. 4', () => {
    expect(shareBackgrounds(guidancePlan({ ...input, productScale: 2 }).rows)).toEqual({
      products: [null, 'tile'],
      rowBackground: [0, 1, 0],
    });
    expect(shareBackgrounds(guidancePlan({ ...input, guidance: 'PRODUCT_RELATIVE', strength: 2 }).rows)).toEqual({
      products: ['tile'],
      rowBackground: [0, 0],
    });
  });
});

describe('prompts', () => {
  const templates = {
    background: 'a photo of {product}',
    defect: 'a photo of {defect}',
    fusion: 'a photo of {defect} {product}',
    normal: 'good',
    nullProduct: 'industry',
  };

  test.each([
    [{ defect: 'good', product: null }, 'a photo of industry', 'a photo of good', 'a photo of good industry'],
    [{ defect: 'good', product: 'metal nut' }, 'a photo of metal nut', 'a photo of good', 'a photo of good metal nut'],
    [{ defect: 'scratch', product: null }, 'a photo of industry', 'a photo of scratch', 'a photo of scratch industry'],
    [{ defect: 'scratch', product: '$& nut' }, 'a photo of $& nut', 'a photo of scratch', 'a photo of scratch $& nut'],
  ])('of %j', (condition, background, defect, fusion) => {
    expect(fillPrompts(templates, condition)).toEqual({ background, defect, fusion });
  });
});
