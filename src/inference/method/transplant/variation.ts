/**
 * How a transplanted defect differs from the one that it was taken from: turn, mirror, scale, bend, and contrast.
 * Reference: training/defectdiffu/transplant/variation.py.
 */
import { uniforms } from '../noise.js';

/** What the product allows. A slanted grain, for instance, allows neither mirrors nor quarter turns. */
export interface VariationLimits {
  /** Degrees, in either direction. */
  readonly turn: number;
  readonly quarterTurns: boolean;
  readonly halfTurns: boolean;
  /** Left-right and top-bottom. */
  readonly mirrors: boolean;
  readonly scale: { readonly min: number; readonly max: number };
  /** The amplitude, as a share of the donor's longer side. */
  readonly bend: number;
  /** Of the defect to its surroundings: up to this share more or less. */
  readonly contrast: number;
}

export const DEFAULT_VARIATION: VariationLimits = {
  turn: 10,
  quarterTurns: false,
  halfTurns: false,
  mirrors: false,
  scale: { min: 0.85, max: 1.2 },
  bend: 0.03,
  contrast: 0.15,
};

/** For defects that are laid anywhere, whatever the product allows. */
export const VARIED: VariationLimits = {
  turn: 45,
  quarterTurns: true,
  halfTurns: false,
  mirrors: true,
  scale: { min: 0.65, max: 1.5 },
  bend: 0.05,
  contrast: 0.3,
};

export interface Variation {
  /** Counterclockwise, 0 … 3. */
  readonly quarterTurns: number;
  /** Left-right, after the quarter turns. */
  readonly mirrored: boolean;
  /** Radians. */
  readonly turn: number;
  readonly scale: number;
  /** Amplitudes down and to the right, as shares of the donor's longer side. */
  readonly bend: readonly [down: number, right: number];
  /** Of the bend, radians. */
  readonly phase: readonly [down: number, right: number];
  /** The factor of the defect's difference from its surroundings. */
  readonly contrast: number;
}

/** The stream of the numbers that choose a place. Those of the trials follow it. */
export const TRANSPLANT_STREAM = 6000;
const TRIAL_NUMBERS = 9;

/** The variation of one trial. Trials of one seed are independent. */
export function drawVariation(limits: VariationLimits, seed: number, trial: number): Variation {
  const u = uniforms(seed, TRANSPLANT_STREAM + 1 + trial, TRIAL_NUMBERS);
  const at = (i: number): number => u[i] ?? 0;
  const signed = (i: number): number => 2 * at(i) - 1;
  // Two mirrors are a half turn.
  const halfTurns = limits.halfTurns || limits.mirrors;
  const { min, max } = limits.scale;
  return {
    quarterTurns: limits.quarterTurns ? Math.floor(4 * at(0)) : halfTurns ? 2 * Math.floor(2 * at(0)) : 0,
    mirrored: limits.mirrors && at(1) < 0.5,
    turn: ((limits.turn * Math.PI) / 180) * signed(2),
    scale: min * (max / min) ** at(3),
    bend: [limits.bend * signed(4), limits.bend * signed(5)],
    phase: [2 * Math.PI * at(6), 2 * Math.PI * at(7)],
    contrast: 1 + limits.contrast * signed(8),
  };
}
