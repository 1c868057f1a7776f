/**
 * One sample on its way from noise to picture. It carries its own timestep and sampler, so samples at different steps can
 * share an evaluation of the denoiser (see step.ts).
 */
import { InferenceError } from '../errors.js';
import type { GuidancePlan } from '../method/guidance.js';
import { guidancePlan, sharedBackgrounds, weightedSum } from '../method/guidance.js';
import { binarise, greyOf, isLate, meanOf } from '../method/mask.js';
import { gaussianNoise } from '../method/noise.js';
import { promptsOf } from '../method/prompts.js';
import type { Sampler } from '../method/samplers/index.js';
import { samplerFor } from '../method/samplers/index.js';
import type { SampleRequest } from '../types.js';
import type { Model, Prediction } from './model.js';

/** The texts of a plan: those of its background rows, and those of its rows. Each [D]. */
interface PlanTexts {
  readonly background: readonly Float32Array[];
  readonly defect: readonly Float32Array[];
  readonly fusion: readonly Float32Array[];
  /** Which background row each row continues. */
  readonly rowBackground: readonly number[];
}

export interface Drawing {
  readonly request: SampleRequest;
  readonly plan: GuidancePlan;
  readonly texts: PlanTexts;
  readonly sampler: Sampler;
  /** How many steps are done. */
  step: number;
  /** x_t [C,h,w] */
  latent: Float32Array;
  /** What the step before thought x_0 is; DPM-Solver++ looks back at it. */
  estimate: Float32Array | null;
  /** M_f of the late steps, each [C,h,w]. */
  readonly maskFeatures: Float32Array[];
}

/** @param initialNoise in place of that of the seed, [C,h,w]: to compare with another implementation. */
export async function beginDrawing(
  model: Model,
  request: SampleRequest,
  initialNoise?: Float32Array,
): Promise<Drawing> {
  const { prompts, latent, schedule } = model.manifest;
  const plan = guidancePlan({ ...request, normal: prompts.normal });
  const { products, rowBackground } = sharedBackgrounds(plan.rows);
  const embedAll = (phrases: string[]): Promise<Float32Array[]> => Promise.all(phrases.map(model.embed));
  const phrases = plan.rows.map((row) => promptsOf(prompts, row));
  return {
    request,
    plan,
    texts: {
      background: await embedAll(
        products.map((product) => promptsOf(prompts, { defect: prompts.normal, product }).background),
      ),
      defect: await embedAll(phrases.map((row) => row.defect)),
      fusion: await embedAll(phrases.map((row) => row.fusion)),
      rowBackground,
    },
    sampler: samplerFor(request.sampler, schedule, request.steps),
    step: 0,
    latent: initialNoise ?? gaussianNoise(request.seed, 0, latent.channels * latent.height * latent.width),
    estimate: null,
    maskFeatures: [],
  };
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

/** One sampler step with the predictions of the plan's rows, in the plan's order: Eq. 4, then x_t → x of the next timestep. */
export function applyPredictions(drawing: Drawing, predictions: readonly Prediction[], lateTimestep: number): void {
  const { plan, sampler, step, request } = drawing;
  const epsilon = weightedSum(
    plan.rows,
    predictions.map((row) => row.noise),
  );
  if (!epsilon.every(Number.isFinite))
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
  if (plan.maskRow !== null && isLate(sampler.timesteps, step, lateTimestep)) {
    // A copy: the prediction is a view into the whole batch's output.
    drawing.maskFeatures.push(Float32Array.from(predictions[plan.maskRow]?.maskFeature ?? []));
  }
  drawing.latent = latent;
  drawing.estimate = estimate;
  drawing.step++;
}

/** The finished sample's pixels: the decoded image [3,H,W], and the mask [H·W] of 0 and 1. */
export async function finishDrawing(
  model: Model,
  drawing: Drawing,
): Promise<{ image: Float32Array; mask: Uint8Array }> {
  const { width, height, channels } = model.manifest.image;
  const image = await model.decode(drawing.latent);
  // The normal state, and strength 0: no row carries a defect, so nothing is there to mark.
  if (drawing.maskFeatures.length === 0) return { image, mask: new Uint8Array(width * height) };

  const decodeGrey = async (feature: Float32Array): Promise<Float64Array> =>
    greyOf(await model.decode(feature), channels);
  const grey =
    drawing.request.maskMode === 'AVERAGE_PIXELS'
      ? meanOf(await oneByOne(drawing.maskFeatures, decodeGrey))
      : await decodeGrey(Float32Array.from(meanOf(drawing.maskFeatures)));
  if (!grey.every(Number.isFinite))
    throw new InferenceError(`the mask feature of ${drawing.request.bundle} decodes to values that are not numbers`);
  return { image, mask: binarise(grey, model.manifest.mask.minimumPeak) };
}

async function oneByOne<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
