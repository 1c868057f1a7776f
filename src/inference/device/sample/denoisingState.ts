/**
 * One sample on its way from noise to picture. It carries its own timestep and sampler, so samples at different steps can
 * share an evaluation of the denoiser (see step.ts).
 */
import { InferenceError } from '../../errors.js';
import type { GuidancePlan } from '../../method/guidance.js';
import { guidancePlan, shareBackgrounds, guidedNoise } from '../../method/guidance.js';
import { accumulateMean, toGrayscale, isLateTimestep, elementwiseMean } from '../../method/maskThreshold.js';
import { gaussianNoise } from '../../method/noise.js';
import { firstStepIndex, addNoise, blendLatents } from '../../method/inpainting.js';
import { fillPrompts } from '../../method/prompts.js';
import type { Sampler } from '../../method/samplers/index.js';
import { createSampler } from '../../method/samplers/index.js';
import type { NoiseSchedule } from '../../method/noiseSchedule.js';
import { alphasCumprod } from '../../method/noiseSchedule.js';
import type { SampleRequest } from '../../types.js';
import type { Prediction, RowConditions } from '../model/evaluation.js';
import type { Model } from '../model/model.js';
import { IMAGES_PER_DECODE } from './resourceEstimate.js';

export interface DenoisingState {
  readonly request: SampleRequest;
  readonly plan: GuidancePlan;
  readonly conditions: RowConditions;
  readonly sampler: Sampler;
  /** How many steps are done. */
  step: number;
  /** x_t [C,h,w] */
  latent: Float32Array;
  /** What the step before thought x_0 is; DPM-Solver++ looks back at it. */
  predictedOriginal: Float32Array | null;
  /** M_f of the late steps, each [C,h,w]. */
  readonly maskFeatures: Float32Array[];
  readonly constraint: InpaintingConstraint | null;
  /** ᾱ at each timestep, and 1 after the last; of a pinned drawing. */
  readonly alphasCumprod: readonly number[];
  /** Σ over the steps of ‖ε(d) − ε(g)‖ per cell [h·w]; `null` where it is not asked for. */
  directionNorms: Float64Array | null;
}

/** A drawing that begins at a photograph, and keeps to it outside a region. */
export interface InpaintingConstraint {
  /** The photograph's latent [C,h,w]. */
  readonly imageLatent: Float32Array;
  /** [C,h,w] */
  readonly noise: Float32Array;
  /** Cells [h·w] that are drawn; the others are the photograph's at every step. */
  readonly mask: Uint8Array;
  /** Share of the noise levels that are gone through, above 0 to 1. */
  readonly denoisingStrength: number;
}

/** @param start the initial noise in place of that of the seed, [C,h,w], or a photograph to begin at. */
export function createDenoisingState(
  model: Model,
  request: SampleRequest,
  start?: Float32Array | InpaintingConstraint,
): DenoisingState {
  const { prompts, latent, schedule } = model.manifest;
  const plan = guidancePlan({ ...request, normal: prompts.normal });
  const { products, rowBackground } = shareBackgrounds(plan.rows);
  const ofRows = plan.rows.map((row) => fillPrompts(prompts, row));
  const sampler = createSampler(request.sampler, schedule, request.steps);
  const constraint = start === undefined || start instanceof Float32Array ? null : start;
  const step = constraint === null ? 0 : firstStepIndex(sampler.timesteps, constraint.denoisingStrength);
  const visited = constraint === null ? [] : visitedAlphasCumprod(schedule, sampler.timesteps);
  return {
    request,
    plan,
    conditions: {
      background: products.map((product) => fillPrompts(prompts, { defect: prompts.normal, product }).background),
      defect: ofRows.map((row) => row.defect),
      fusion: ofRows.map((row) => row.fusion),
      rowBackground,
    },
    sampler,
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

export function isFinished(drawing: DenoisingState): boolean {
  return drawing.step >= drawing.sampler.timesteps.length;
}

/** The timestep that the next evaluation is made at. */
export function currentTimestep({ sampler, step }: DenoisingState): number {
  const t = sampler.timesteps[step];
  if (t === undefined) throw new InferenceError('this sample is finished');
  return t;
}

/** Whether the next evaluation is one of those whose mask features are averaged. */
export function capturesMaskFeature({ sampler, step }: DenoisingState, lateTimestep: number): boolean {
  return isLateTimestep(sampler.timesteps, step, lateTimestep);
}

/** One sampler step with the predictions of the plan's rows, in the plan's order: Eq. 4, then x_t → x of the next timestep. */
export function applyPredictions(
  drawing: DenoisingState,
  predictions: readonly Prediction[],
  lateTimestep: number,
): void {
  const { plan, sampler, step, request } = drawing;
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
    latent: drawing.latent,
    epsilon,
    variance: predictions[plan.varianceRow]?.variance,
    previousPrediction: drawing.predictedOriginal,
    noise: () => gaussianNoise(request.seed, 1 + step, drawing.latent.length),
  });
  if (plan.maskRow !== null && capturesMaskFeature(drawing, lateTimestep)) {
    // A copy: the prediction is a view into the whole batch's output.
    drawing.maskFeatures.push(new Float32Array(predictions[plan.maskRow]?.maskFeature ?? []));
  }
  const { constraint } = drawing;
  accumulateDirection(drawing, predictions);
  drawing.latent =
    constraint === null
      ? latent
      : blendLatents(
          latent,
          addNoise(constraint.imageLatent, constraint.noise, drawing.alphasCumprod[step + 1] ?? 1),
          constraint.mask,
        );
  drawing.predictedOriginal = predictedOriginal;
  drawing.step++;
}

function allFinite(values: Float32Array | Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

/** How strongly each cell is pushed towards the defect: on the same product with and without it. */
function accumulateDirection({ plan, directionNorms }: DenoisingState, predictions: readonly Prediction[]): void {
  const { rows, maskRow } = plan;
  const defect = maskRow === null ? undefined : rows[maskRow];
  if (directionNorms === null || maskRow === null || defect === undefined) return;
  const normal = rows.findIndex((row) => row.product === defect.product && row.defect !== defect.defect);
  const [with_, without] = [predictions[maskRow]?.noise, predictions[normal]?.noise];
  if (with_ === undefined || without === undefined) return;
  const squares = new Float64Array(directionNorms.length);
  with_.forEach((value, i) => {
    const cell = i % squares.length;
    squares[cell] = (squares[cell] ?? 0) + (value - (without[i] ?? 0)) ** 2;
  });
  squares.forEach((square, cell) => (directionNorms[cell] = (directionNorms[cell] ?? 0) + Math.sqrt(square)));
}

/** The finished drawing's pixels: the decoded image [3,H,W], and the soft mask [H·W] in −1 … 1; `null` where no row carries a defect. */
export async function decodeImageAndMask(
  model: Model,
  drawing: DenoisingState,
): Promise<{ image: Float32Array; soft: Float64Array | null }> {
  const [image, soft] = await Promise.all([decodeLatent(model, drawing.latent), softMaskOf(model, drawing)]);
  return { image, soft };
}

export async function decodeLatent(model: Model, latent: Float32Array): Promise<Float32Array> {
  const [image] = await model.decode([latent]);
  return image as Float32Array;
}

export async function softMaskOf(
  model: Model,
  { maskFeatures, request }: DenoisingState,
): Promise<Float64Array | null> {
  // The normal state, and strength 0: no row carries a defect, so nothing is there to mark.
  if (maskFeatures.length === 0) return null;
  const { channels } = model.manifest.image;
  const grey =
    request.maskMode === 'AVERAGE_PIXELS'
      ? await meanGrey(model, maskFeatures)
      : toGrayscale(await decodeLatent(model, new Float32Array(elementwiseMean(maskFeatures))), channels);
  if (!allFinite(grey))
    throw new InferenceError(`the mask feature of ${request.bundle} decodes to values that are not numbers`);
  return grey;
}

/** The mean of the features' grey pictures. There may be a hundred of them: a few are in memory at a time. */
async function meanGrey(model: Model, features: readonly Float32Array[]): Promise<Float64Array> {
  const { width, height, channels } = model.manifest.image;
  const mean = new Float64Array(width * height);
  for (let first = 0; first < features.length; first += IMAGES_PER_DECODE) {
    for (const decoded of await model.decode(features.slice(first, first + IMAGES_PER_DECODE)))
      accumulateMean(mean, toGrayscale(decoded, channels), features.length);
  }
  return mean;
}
