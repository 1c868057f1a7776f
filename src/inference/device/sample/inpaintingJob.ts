/**
 * The job of an inpainting sample. A probe pass finds where the model would draw the defect. The main pass draws it into the region. What
 * it changed is composited into the image (method/inpainting.ts, method/composition.ts).
 *
 * Only the window is kept between the start and the end: an image of 40 megapixels takes 120 MB, and many samples may be in progress.
 */
import type { Manifest } from '../../bundle/manifest.js';
import { InferenceError } from '../../errors.js';
import { applyChangeToWindow } from '../../method/applyChange.js';
import { bytesFrom } from '../../method/arrays.js';
import { applyChange, extractChange } from '../../method/composition.js';
import { areaFraction } from '../../method/connectedComponents.js';
import {
  PROBE_STEPS,
  PROBE_STRENGTH,
  bestShift,
  chooseCells,
  firstStepIndex,
  roll,
  salienceOf,
  toLatentMask,
  toPixelMask,
} from '../../method/inpainting.js';
import { maskConfidence } from '../../method/maskThreshold.js';
import { gaussianNoise } from '../../method/noise.js';
import { computeScores } from '../../method/qualityScores.js';
import { timestepsFor } from '../../method/samplers/index.js';
import { resizeMask } from '../../method/window.js';
import type { InpaintingRequest, SampleRequest, SamplerName } from '../../types.js';
import type { Model } from '../model/model.js';
import { decodeImageAndMask, decodeLatent, decodeSoftMask } from './decodeSample.js';
import type { DenoisingState } from './denoisingState.js';
import { createDenoisingState } from './denoisingState.js';
import type { SamplePixels } from './encodeSample.js';
import type { InpaintingImage } from './inpaintingImage.js';
import {
  pasteWindow,
  readImage,
  readMask,
  readSize,
  readWindow,
  resizeToModel,
  toEncoderInput,
} from './inpaintingImage.js';
import type { Job } from './job.js';
import type { InpaintingRegion } from './selectRegion.js';
import { selectRegion } from './selectRegion.js';
import { compositingBytes, denoisingBytes, finishingBytes } from './resourceEstimate.js';

export type InpaintingOptions = Omit<InpaintingRequest, 'image'>;

/** The normal twin that serves as the image: its pixels [H·W·3], and the steps that it took. */
export interface Twin {
  readonly rgb: Uint8Array;
  readonly steps: number;
}

/** What stays the same from the probe pass to the result. */
interface InpaintingContext {
  readonly image: InpaintingImage;
  readonly options: InpaintingOptions;
  readonly twin: Twin | null;
  readonly place: InpaintingRegion;
  /** The window's pixels [side·side·3]. */
  readonly windowRgb: Uint8Array;
  /** The window at the model's size [S·S·3]. */
  readonly modelRgb: Uint8Array;
  /** Its latent [C,h,w]. */
  readonly imageLatent: Float32Array;
  /** The region at the model's size [S·S]. */
  readonly region: Uint8Array;
}

/** @param twin given if the image is the sample's normal twin */
export async function createInpaintingJob(
  model: Model,
  request: SampleRequest,
  options: InpaintingOptions,
  image: InpaintingImage,
  twin: Twin | null = null,
): Promise<Job> {
  const { manifest } = model;
  const size = requireSquareSize(manifest);
  const imageSize = await readSize(image);
  // A twin has the size and the scale of the model already.
  const usualSide = twin === null ? manifest.placement?.windows[request.product] : size;
  const place = await selectRegion(options.region, request, image, imageSize, manifest, usualSide ?? size);
  const { side } = place.window;
  const windowRgb = await readWindow(image, place.window);
  const modelRgb = await resizeToModel(windowRgb, side, size);
  const imageLatent = await model.encode(toEncoderInput(modelRgb));
  const region = resizeMask(place.region, side, size);
  const context = { image, options, twin, place, windowRgb, modelRgb, imageLatent, region };
  const noise = gaussianNoise(request.seed, 0, imageLatent.length);
  const everywhere = new Uint8Array(manifest.latent.height * manifest.latent.width).fill(1);
  const probe = createDenoisingState(
    model,
    { ...request, strength: PROBE_STRENGTH, steps: PROBE_STEPS, sampler: probeSampler(request.sampler) },
    { imageLatent, noise, mask: everywhere, denoisingStrength: 1 },
  );
  // At the probe's strength, the rows with and without the defect are both evaluated, but a student has one row alone.
  if (request.sampler !== 'TURBO') probe.directionNorms = new Float64Array(everywhere.length);
  const timesteps = timestepsFor(request.sampler, manifest.schedule, request.steps);
  const mainSteps = timesteps.length - firstStepIndex(timesteps, options.denoisingStrength);
  const twinSteps = twin?.steps ?? 0;
  return {
    request,
    states: [probe],
    completedSteps: twinSteps,
    totalSteps: twinSteps + PROBE_STEPS + mainSteps,
    memoryBytes: denoisingBytes(request, manifest, side),
    finishBytes: finishingBytes(request, manifest),
    async finishPhase(job) {
      const main = await startMainPass(model, request, context, probe, noise);
      job.states = [main.state];
      job.completedSteps = twinSteps + PROBE_STEPS;
      job.finishBytes = compositingBytes(imageSize, side, size);
      job.finishPhase = () => composite(model, context, main);
      return null;
    },
  };
}

function probeSampler(sampler: SamplerName): SamplerName {
  return sampler === 'TURBO' ? 'TURBO' : 'DPM_SOLVER_PP';
}

/** @throws InferenceError if the bundle's images are not square. */
export function requireSquareSize({ image, latent, name }: Manifest): number {
  if (image.width !== image.height || latent.width !== latent.height)
    throw new InferenceError(`${name} draws images that are not square; it cannot draw on photographs`);
  return image.width;
}

interface MainPass {
  readonly state: DenoisingState;
  /** The cells that are drawn. */
  readonly cells: Uint8Array;
  /** How strongly the probe pass moved these cells towards the defect, relative to the others. */
  readonly direction: number | null;
}

/** Rolls the noise so that what the probe pass showed comes to lie in the region. */
async function startMainPass(
  model: Model,
  request: SampleRequest,
  { options, place, imageLatent, region }: InpaintingContext,
  probe: DenoisingState,
  noise: Float32Array,
): Promise<MainPass> {
  const { image, latent: grid } = model.manifest;
  const softMask = await decodeSoftMask(model, probe);
  const salience =
    softMask === null ? new Float64Array(grid.height * grid.width) : salienceOf(softMask, image.width, grid);
  const regionCells = toLatentMask(region, image.width, grid);
  const shift = bestShift(salience, regionCells, grid);
  const cells = place.modelChooses ? chooseCells(roll(salience, shift, grid), regionCells, grid) : regionCells;
  const state = createDenoisingState(model, request, {
    imageLatent,
    noise: roll(noise, shift, grid),
    mask: cells,
    denoisingStrength: options.denoisingStrength,
  });
  const direction =
    probe.directionNorms === null ? null : insideOverOutside(roll(probe.directionNorms, shift, grid), cells);
  return { state, cells, direction };
}

async function composite(
  model: Model,
  context: InpaintingContext,
  { state, cells, direction }: MainPass,
): Promise<SamplePixels> {
  const { image: modelImage, latent: grid, mask: maskSettings } = model.manifest;
  const { image, options, twin, place, windowRgb, modelRgb, imageLatent, region } = context;
  const [size, side] = [modelImage.width, place.window.side];
  const drawnPixels = toPixelMask(cells, size, grid);
  const [drawn, reconstruction] = await Promise.all([
    decodeImageAndMask(model, state),
    state.plan.maskRow === null ? null : decodeLatent(model, imageLatent),
  ]);
  const drawnRegion = bytesFrom(region.length, (i) => (region[i] ?? 0) & (drawnPixels[i] ?? 0));
  const change =
    drawn.softMask === null || reconstruction === null
      ? null
      : extractChange(
          drawn.image,
          reconstruction,
          drawn.softMask,
          drawnRegion,
          size,
          maskSettings.minimumPeak,
          options.maskConvention,
        );
  const drawnAtSide = resizeMask(drawnPixels, size, side);
  const allowed = bytesFrom(drawnAtSide.length, (i) => (drawnAtSide[i] ?? 0) & (place.region[i] ?? 0));
  const { rgb: changedWindow, mask, ignore } = applyChangeToWindow(windowRgb, change, allowed, size, side);
  const { width, height, rgb } = await readImage(image);
  const existing =
    options.existingMask === null ? null : await readMask(options.existingMask, 'marked', { width, height });
  const paste = (pixels: Uint8Array): Uint8Array =>
    pasteWindow(new Uint8Array(width * height), width, pixels, place.window, 1);
  const drawnMask = paste(mask);
  const whole =
    existing === null ? drawnMask : bytesFrom(drawnMask.length, (i) => (drawnMask[i] ?? 0) | (existing[i] ?? 0));
  const ignored = paste(ignore);
  return {
    width,
    height,
    rgb: pasteWindow(rgb, width, changedWindow, place.window, 3),
    mask: whole,
    ignore: bytesFrom(ignored.length, (i) => (whole[i] === 1 ? 0 : (ignored[i] ?? 0))),
    region: paste(allowed),
    allowedArea: place.allowedArea,
    twin: twin?.rgb ?? null,
    confidence: drawn.softMask === null || change === null ? 0 : maskConfidence(drawn.softMask, change.mask),
    scores: {
      // At the model's size, because a window may have any size.
      ...computeScores(
        modelRgb,
        change === null ? modelRgb : applyChange(modelRgb, change),
        change?.mask ?? new Uint8Array(size * size),
        size,
      ),
      // The mask lies in the region, so their intersection is the mask.
      filling: areaFraction(mask) / areaFraction(allowed),
      direction,
    },
  };
}

/** The mean over the cells inside divided by the mean over the others; `null` if either set is empty. */
function insideOverOutside(values: Float64Array, inside: Uint8Array): number | null {
  const meanWhere = (membership: 0 | 1): number => {
    const selected = values.filter((_, cell) => inside[cell] === membership);
    return selected.reduce((sum, value) => sum + value, 0) / selected.length;
  };
  const ratio = meanWhere(1) / meanWhere(0);
  return Number.isFinite(ratio) ? ratio : null;
}
