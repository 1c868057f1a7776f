/**
 * One sample on its way from noise to picture. It carries its own timestep and sampler, so samples at different steps can
 * share an evaluation of the denoiser (see step.ts).
 */
import { InferenceError } from '../../errors.js';
import type { GuidancePlan } from '../../method/guidance.js';
import { guidancePlan, sharedBackgrounds, weightedSum } from '../../method/guidance.js';
import { addShare, greyOf, isLate, meanOf } from '../../method/mask.js';
import { gaussianNoise } from '../../method/noise.js';
import { firstVisited, noised, pinned } from '../../method/photograph.js';
import { promptsOf } from '../../method/prompts.js';
import type { Sampler } from '../../method/samplers/index.js';
import { samplerFor } from '../../method/samplers/index.js';
import type { NoiseSchedule } from '../../method/schedule.js';
import { alphasCumprod } from '../../method/schedule.js';
import type { SampleRequest } from '../../types.js';
import type { Prediction, RowConditions } from '../model/evaluation.js';
import type { Model } from '../model/model.js';
import { PICTURES_AT_A_TIME } from './needs.js';

export interface Drawing {
  readonly request: SampleRequest;
  readonly plan: GuidancePlan;
  readonly phrases: RowConditions;
  readonly sampler: Sampler;
  /** How many steps are done. */
  step: number;
  /** x_t [C,h,w] */
  latent: Float32Array;
  /** What the step before thought x_0 is; DPM-Solver++ looks back at it. */
  estimate: Float32Array | null;
  /** M_f of the late steps, each [C,h,w]. */
  readonly maskFeatures: Float32Array[];
  readonly pin: Pin | null;
  /** ᾱ at each timestep, and 1 after the last; of a pinned drawing. */
  readonly alphaBars: readonly number[];
  /** Σ over the steps of ‖ε(d) − ε(g)‖ per cell [h·w]; `null` where it is not asked for. */
  direction: Float64Array | null;
}

/** A drawing that begins at a photograph, and keeps to it outside a region. */
export interface Pin {
  /** The photograph's latent [C,h,w]. */
  readonly known: Float32Array;
  /** [C,h,w] */
  readonly noise: Float32Array;
  /** Cells [h·w] that are drawn; the others are the photograph's at every step. */
  readonly inside: Uint8Array;
  /** Share of the noise levels that are gone through, above 0 to 1. */
  readonly freedom: number;
}

/** @param start the initial noise in place of that of the seed, [C,h,w], or a photograph to begin at. */
export function beginDrawing(model: Model, request: SampleRequest, start?: Float32Array | Pin): Drawing {
  const { prompts, latent, schedule } = model.manifest;
  const plan = guidancePlan({ ...request, normal: prompts.normal });
  const { products, rowBackground } = sharedBackgrounds(plan.rows);
  const ofRows = plan.rows.map((row) => promptsOf(prompts, row));
  const sampler = samplerFor(request.sampler, schedule, request.steps);
  const pin = start === undefined || start instanceof Float32Array ? null : start;
  const step = pin === null ? 0 : firstVisited(sampler.timesteps, pin.freedom);
  const alphaBars = pin === null ? [] : alphaBarsAt(schedule, sampler.timesteps);
  return {
    request,
    plan,
    phrases: {
      background: products.map((product) => promptsOf(prompts, { defect: prompts.normal, product }).background),
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
          : noised(start.known, start.noise, alphaBars[step] ?? 1),
    estimate: null,
    maskFeatures: [],
    pin,
    alphaBars,
    direction: null,
  };
}

function alphaBarsAt(schedule: NoiseSchedule, timesteps: readonly number[]): number[] {
  const all = alphasCumprod(schedule);
  return [...timesteps.map((t) => all[t] ?? 1), 1];
}

export function isFinished(drawing: Drawing): boolean {
  return drawing.step >= drawing.sampler.timesteps.length;
}

/** The timestep that the next evaluation is made at. */
export function timestepOf({ sampler, step }: Drawing): number {
  const t = sampler.timesteps[step];
  if (t === undefined) throw new InferenceError('this sample is finished');
  return t;
}

/** Whether the next evaluation is one of those whose mask features are averaged. */
export function givesMask({ sampler, step }: Drawing, lateTimestep: number): boolean {
  return isLate(sampler.timesteps, step, lateTimestep);
}

/** One sampler step with the predictions of the plan's rows, in the plan's order: Eq. 4, then x_t → x of the next timestep. */
export function applyPredictions(drawing: Drawing, predictions: readonly Prediction[], lateTimestep: number): void {
  const { plan, sampler, step, request } = drawing;
  const epsilon = weightedSum(
    plan.rows,
    predictions.map((row) => row.noise),
  );
  if (!allFinite(epsilon))
    throw new InferenceError(
      `the denoiser of ${request.bundle} gave values that are not numbers at step ${String(step + 1)}`,
    );

  const { latent, estimate } = sampler.step({
    index: step,
    latent: drawing.latent,
    epsilon,
    variance: predictions[plan.varianceRow]?.variance,
    previousEstimate: drawing.estimate,
    noise: () => gaussianNoise(request.seed, 1 + step, drawing.latent.length),
  });
  if (plan.maskRow !== null && givesMask(drawing, lateTimestep)) {
    // A copy: the prediction is a view into the whole batch's output.
    drawing.maskFeatures.push(new Float32Array(predictions[plan.maskRow]?.maskFeature ?? []));
  }
  const { pin } = drawing;
  addDirection(drawing, predictions);
  drawing.latent =
    pin === null ? latent : pinned(latent, noised(pin.known, pin.noise, drawing.alphaBars[step + 1] ?? 1), pin.inside);
  drawing.estimate = estimate;
  drawing.step++;
}

function allFinite(values: Float32Array | Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

/** How strongly each cell is pushed towards the defect: on the same product with and without it. */
function addDirection({ plan, direction }: Drawing, predictions: readonly Prediction[]): void {
  const { rows, maskRow } = plan;
  const defect = maskRow === null ? undefined : rows[maskRow];
  if (direction === null || maskRow === null || defect === undefined) return;
  const normal = rows.findIndex((row) => row.product === defect.product && row.defect !== defect.defect);
  const [with_, without] = [predictions[maskRow]?.noise, predictions[normal]?.noise];
  if (with_ === undefined || without === undefined) return;
  const squares = new Float64Array(direction.length);
  with_.forEach((value, i) => {
    const cell = i % squares.length;
    squares[cell] = (squares[cell] ?? 0) + (value - (without[i] ?? 0)) ** 2;
  });
  squares.forEach((square, cell) => (direction[cell] = (direction[cell] ?? 0) + Math.sqrt(square)));
}

/** The finished drawing's pixels: the decoded image [3,H,W], and the soft mask [H·W] in −1 … 1; `null` where no row carries a defect. */
export async function decodeDrawing(
  model: Model,
  drawing: Drawing,
): Promise<{ image: Float32Array; soft: Float64Array | null }> {
  const [image, soft] = await Promise.all([decodeOne(model, drawing.latent), softMaskOf(model, drawing)]);
  return { image, soft };
}

export async function decodeOne(model: Model, latent: Float32Array): Promise<Float32Array> {
  const [image] = await model.decode([latent]);
  return image as Float32Array;
}

export async function softMaskOf(model: Model, { maskFeatures, request }: Drawing): Promise<Float64Array | null> {
  // The normal state, and strength 0: no row carries a defect, so nothing is there to mark.
  if (maskFeatures.length === 0) return null;
  const { channels } = model.manifest.image;
  const grey =
    request.maskMode === 'AVERAGE_PIXELS'
      ? await meanGrey(model, maskFeatures)
      : greyOf(await decodeOne(model, new Float32Array(meanOf(maskFeatures))), channels);
  if (!allFinite(grey))
    throw new InferenceError(`the mask feature of ${request.bundle} decodes to values that are not numbers`);
  return grey;
}

/** The mean of the features' grey pictures. There may be a hundred of them: a few are in memory at a time. */
async function meanGrey(model: Model, features: readonly Float32Array[]): Promise<Float64Array> {
  const { width, height, channels } = model.manifest.image;
  const mean = new Float64Array(width * height);
  for (let first = 0; first < features.length; first += PICTURES_AT_A_TIME) {
    for (const decoded of await model.decode(features.slice(first, first + PICTURES_AT_A_TIME)))
      addShare(mean, greyOf(decoded, channels), features.length);
  }
  return mean;
}
