/**
 * The state of one sample between noise and image. Each state has its own timestep and sampler, so samples at different steps can share
 * an evaluation of the denoiser (denoisingStep.ts).
 */
import { InferenceError } from '../../errors.js';
import type { GuidancePlan, TurboGuidance } from '../../method/guidance.js';
import { guidancePlan, guidedNoise, shareBackgrounds, turboGuidance } from '../../method/guidance.js';
import { addNoise, blendLatents, firstStepIndex } from '../../method/inpainting.js';
import { isLateTimestep } from '../../method/maskThreshold.js';
import { gaussianNoise } from '../../method/noise.js';
import type { NoiseSchedule } from '../../method/noiseSchedule.js';
import { alphasCumprod } from '../../method/noiseSchedule.js';
import { fillPrompts } from '../../method/prompts.js';
import type { Sampler } from '../../method/samplers/index.js';
import { createSampler } from '../../method/samplers/index.js';
import type { SampleRequest } from '../../types.js';
import type { Prediction, RowConditions, TurboStep } from '../model/evaluation.js';
import type { Model } from '../model/model.js';

export interface DenoisingState {
  readonly request: SampleRequest;
  readonly plan: GuidancePlan;
  readonly conditions: RowConditions;
  readonly sampler: Sampler;
  /** Of a student; `null` for the other samplers. */
  readonly turboGuidance: TurboGuidance | null;
  /** The number of steps that are done. */
  step: number;
  /** x_t [C,h,w] */
  latent: Float32Array;
  /** The previous step's prediction of x_0, which DPM-Solver++ uses. */
  predictedOriginal: Float32Array | null;
  /** M_f of the late steps, each [C,h,w]. */
  readonly maskFeatures: Float32Array[];
  readonly constraint: InpaintingConstraint | null;
  /** ᾱ at each visited timestep, and 1 after the last. Empty without a constraint. */
  readonly alphasCumprod: readonly number[];
  /** Σ over the steps of ‖ε(d) − ε(g)‖ per cell [h·w]; `null` unless it is collected. */
  directionNorms: Float64Array | null;
}

/** Starts the denoising at an image and keeps the image outside a region. */
export interface InpaintingConstraint {
  /** The latent of the image [C,h,w]. */
  readonly imageLatent: Float32Array;
  /** [C,h,w] */
  readonly noise: Float32Array;
  /** 1 for the cells [h·w] that are drawn. The others are the image's at every step. */
  readonly mask: Uint8Array;
  /** The share of the noise levels that is denoised, above 0 up to 1. */
  readonly denoisingStrength: number;
}

/** @param start the initial noise [C,h,w] in place of the seed's, or an image to start at */
export function createDenoisingState(
  model: Model,
  request: SampleRequest,
  start?: Float32Array | InpaintingConstraint,
): DenoisingState {
  const { prompts, latent, schedule } = model.manifest;
  const plan = guidancePlan({ ...request, normal: prompts.normal });
  const { products, rowBackground } = shareBackgrounds(plan.rows);
  const rowPrompts = plan.rows.map((row) => fillPrompts(prompts, row));
  const sampler = createSampler(request.sampler, schedule, request.steps);
  const constraint = start === undefined || start instanceof Float32Array ? null : start;
  const step = constraint === null ? 0 : firstStepIndex(sampler.timesteps, constraint.denoisingStrength);
  const visited = constraint === null ? [] : visitedAlphasCumprod(schedule, sampler.timesteps);
  return {
    request,
    plan,
    conditions: {
      adapter: model.adapter?.id ?? null,
      background: products.map((product) => fillPrompts(prompts, { defect: prompts.normal, product }).background),
      defect: rowPrompts.map((row) => row.defect),
      fusion: rowPrompts.map((row) => row.fusion),
      rowBackground,
    },
    sampler,
    turboGuidance: request.sampler === 'TURBO' ? turboGuidance({ ...request, normal: prompts.normal }) : null,
    step,
    latent:
      start === undefined
        ? gaussianNoise(request.seed, 0, latent.channels * latent.height * latent.width)
        : start instanceof Float32Array
          ? start
          : addNoise(start.imageLatent, start.noise, visited[step] ?? 1),
    predictedOriginal: null,
    maskFeatures: [],
    constraint,
    alphasCumprod: visited,
    directionNorms: null,
  };
}

function visitedAlphasCumprod(schedule: NoiseSchedule, timesteps: readonly number[]): number[] {
  const all = alphasCumprod(schedule);
  return [...timesteps.map((t) => all[t] ?? 1), 1];
}

export function isFinished(state: DenoisingState): boolean {
  return state.step >= state.sampler.timesteps.length;
}

/** The timestep of the next evaluation. */
export function currentTimestep({ sampler, step }: DenoisingState): number {
  const t = sampler.timesteps[step];
  if (t === undefined) throw new InferenceError('this sample is finished');
  return t;
}

/** What a student hears at the next evaluation. */
export function turboStep({ turboGuidance, sampler, step }: DenoisingState): TurboStep | null {
  return turboGuidance === null
    ? null
    : { nextTimestep: sampler.timesteps[step + 1] ?? END_TIMESTEP, guidance: turboGuidance };
}

/** The timestep of x_0, which no step visits. */
const END_TIMESTEP = 0;

/** Whether the mask feature of the next evaluation is averaged into the mask. */
export function capturesMaskFeature({ sampler, step }: DenoisingState, lateTimestep: number): boolean {
  return isLateTimestep(sampler.timesteps, step, lateTimestep);
}

/** One sampler step with the predictions of the plan's rows, in the plan's order: Eq. 4, then x_t → x of the next timestep. */
export function applyPredictions(
  state: DenoisingState,
  predictions: readonly Prediction[],
  lateTimestep: number,
): void {
  const { plan, sampler, step, request, constraint } = state;
  const epsilon = guidedNoise(
    plan.rows,
    predictions.map((row) => row.noise),
  );
  if (!allFinite(epsilon))
    throw new InferenceError(
      `the denoiser of ${request.bundle} gave values that are not numbers at step ${String(step + 1)}`,
    );

  const { latent, predictedOriginal } = sampler.step({
    index: step,
    latent: state.latent,
    epsilon,
    variance: predictions[plan.varianceRow]?.variance,
    previousPrediction: state.predictedOriginal,
    noise: () => gaussianNoise(request.seed, 1 + step, state.latent.length),
  });
  if (plan.maskRow !== null && capturesMaskFeature(state, lateTimestep)) {
    // A copy, because the prediction is a view of the output of the whole batch.
    state.maskFeatures.push(new Float32Array(predictions[plan.maskRow]?.maskFeature ?? []));
  }
  accumulateDirection(state, predictions);
  state.latent = constraint === null ? latent : constrained(latent, constraint, state.alphasCumprod[step + 1] ?? 1);
  state.predictedOriginal = predictedOriginal;
  state.step++;
}

/** Replaces the cells outside the mask by the image's, at the noise level of the next step. */
function constrained(
  latent: Float32Array,
  { imageLatent, noise, mask }: InpaintingConstraint,
  alphaCumprod: number,
): Float32Array {
  return blendLatents(latent, addNoise(imageLatent, noise, alphaCumprod), mask);
}

export function allFinite(values: Float32Array | Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

/** Adds how strongly each cell is moved towards the defect: on the same product, with the defect against without it. */
function accumulateDirection({ plan, directionNorms }: DenoisingState, predictions: readonly Prediction[]): void {
  const { rows, maskRow } = plan;
  const defectRow = maskRow === null ? undefined : rows[maskRow];
  if (directionNorms === null || maskRow === null || defectRow === undefined) return;
  const normalRow = rows.findIndex((row) => row.product === defectRow.product && row.defect !== defectRow.defect);
  const [withDefect, without] = [predictions[maskRow]?.noise, predictions[normalRow]?.noise];
  if (withDefect === undefined || without === undefined) return;
  const squares = new Float64Array(directionNorms.length);
  withDefect.forEach((value, i) => {
    const cell = i % squares.length;
    squares[cell] = (squares[cell] ?? 0) + (value - (without[i] ?? 0)) ** 2;
  });
  squares.forEach((square, cell) => (directionNorms[cell] = (directionNorms[cell] ?? 0) + Math.sqrt(square)));
}
