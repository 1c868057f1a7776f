/**
 * Guidance as data: a list of (defect, product, coefficient) rows. The weighted sum of their noise predictions is ε (Eq. 4).
 * The denoiser evaluates each row once. Rows with the coefficient 0 are left out.
 */
import type { GuidanceName, SamplerName } from '../types.js';

/** The conditions of one row. `product: null` is the paper's ∅. The defect word of the normal state is "good". */
export interface Condition {
  readonly defect: string;
  readonly product: string | null;
}

export interface GuidanceRow extends Condition {
  readonly coefficient: number;
}

export interface GuidancePlan {
  /** At least one row, each condition once. The coefficients sum to 1. */
  readonly rows: readonly GuidanceRow[];
  /** The row with the defect, whose mask features give the mask. `null` in the normal state and at strength 0. */
  readonly maskRow: number | null;
  /** The row whose learned variance the ancestral sampler uses: the row with the defect, else the one with the largest coefficient. */
  readonly varianceRow: number;
}

export interface GuidanceInput extends Condition {
  readonly guidance: GuidanceName;
  readonly product: string;
  /** The word of the normal state, g in the equations. */
  readonly normal: string;
  /** w_d */
  readonly strength: number;
  /** w_p */
  readonly productScale: number;
  /** TURBO: a student evaluates one row, which is guided as it is. */
  readonly sampler?: SamplerName;
}

/** A smaller coefficient is zero up to rounding: 1 − 0.7 − 0.3 is 5.6e-17. */
const NEGLIGIBLE = 1e-12;

export function guidancePlan(input: GuidanceInput): GuidancePlan {
  const strength = input.defect === input.normal ? 0 : input.strength;
  const terms = termsOf(input, strength);
  const rows = terms.filter((row) => Math.abs(row.coefficient) > NEGLIGIBLE);
  const carrier = rows.findIndex((row) => row.defect !== input.normal);
  const maskRow = carrier < 0 ? null : carrier;
  return { rows, maskRow, varianceRow: maskRow ?? largestCoefficient(rows) };
}

function termsOf(input: GuidanceInput, strength: number): GuidanceRow[] {
  if (input.sampler === 'TURBO')
    return [{ defect: strength === 0 ? input.normal : input.defect, product: input.product, coefficient: 1 }];
  return input.guidance === 'DOUBLE_FREE' ? doubleFree(input, strength) : productRelative(input, strength);
}

/** What a student hears of the guidance: strength, product scale, and 1 for PRODUCT_RELATIVE. What has no effect has its usual value. */
export type TurboGuidance = readonly [strength: number, productScale: number, relative: 0 | 1];

export function turboGuidance({ defect, normal, strength, productScale, guidance }: GuidanceInput): TurboGuidance {
  const ofDefect = defect === normal ? 0 : strength;
  return guidance === 'PRODUCT_RELATIVE' ? [ofDefect, 1, 1] : [ofDefect, productScale, 0];
}

/**
 * Eq. 4, and Eq. 12 where product and defect were never seen together:
 * ε = ε(g,∅) + w_p·[ε(g,p) − ε(g,∅)] + w_d·[ε(d,∅) − ε(g,∅)], collected by row.
 */
function doubleFree({ defect, product, normal, productScale }: GuidanceInput, strength: number): GuidanceRow[] {
  return [
    { defect: normal, product: null, coefficient: 1 - productScale - strength },
    { defect: normal, product, coefficient: productScale },
    { defect, product: null, coefficient: strength },
  ];
}

/** The authors' released sampler, which measures the defect direction on the product: ε = ε(g,p) + w_d·[ε(d,p) − ε(g,p)]. */
function productRelative({ defect, product, normal }: GuidanceInput, strength: number): GuidanceRow[] {
  return [
    { defect: normal, product, coefficient: 1 - strength },
    { defect, product, coefficient: strength },
  ];
}

/** The products whose background part must be evaluated for these rows, each once, and the index of the one that each row continues. */
export function shareBackgrounds(rows: readonly Condition[]): {
  products: (string | null)[];
  rowBackground: number[];
} {
  const products = [...new Set(rows.map((row) => row.product))];
  return { products, rowBackground: rows.map((row) => products.indexOf(row.product)) };
}

/** ε = Σ coefficient·ε_row. `noise` holds one prediction per row of the plan, in its order. */
export function guidedNoise(rows: readonly GuidanceRow[], noise: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const sum = new Float64Array(noise[0]?.length ?? 0);
  for (const [r, { coefficient }] of rows.entries()) {
    const own = noise[r] ?? [];
    for (let i = 0; i < own.length; i++) sum[i] = (sum[i] ?? 0) + coefficient * (own[i] ?? 0);
  }
  return new Float32Array(sum);
}

function largestCoefficient(rows: readonly GuidanceRow[]): number {
  return rows.reduce((best, row, i) => (row.coefficient > (rows[best]?.coefficient ?? -Infinity) ? i : best), 0);
}
