/**
 * A sample on a photograph: a scout looks where the defect would arise, the drawing puts it into the region, and what it changed
 * is composed into the photograph (method/photograph.ts, method/composition.ts).
 *
 * Between the beginning and the end only the window is kept: a photograph of 40 megapixels takes 120 MB, and many may be in work.
 */
import type { Manifest } from '../../bundle/manifest.js';
import { InferenceError } from '../../errors.js';
import { extractChange, applyChange } from '../../method/composition.js';
import { maskConfidence } from '../../method/maskThreshold.js';
import { gaussianNoise } from '../../method/noise.js';
import {
  PROBE_STEPS,
  PROBE_STRENGTH,
  bestShift,
  toLatentMask,
  chooseCells,
  firstStepIndex,
  toPixelMask,
  roll,
  salienceOf,
} from '../../method/inpainting.js';
import { areaFraction } from '../../method/connectedComponents.js';
import { timestepsFor } from '../../method/samplers/index.js';
import { computeScores } from '../../method/qualityScores.js';
import { resizeMask } from '../../method/window.js';
import { applyChangeToWindow } from '../../method/applyChange.js';
import type { InpaintingRequest, ImageSource, SampleRequest } from '../../types.js';
import type { DenoisingState } from './denoisingState.js';
import { createDenoisingState, decodeImageAndMask, decodeLatent, softMaskOf } from './denoisingState.js';
import type { Job } from './job.js';
import type { Model } from '../model/model.js';
import { denoisingBytes, finishingBytes, compositingBytes } from './resourceEstimate.js';
import type { InpaintingRegion } from './inpaintingInput.js';
import {
  resizeToModel,
  pasteWindow,
  selectRegion,
  readMask,
  readImage,
  readWindow,
  toEncoderInput,
  readSize,
} from './inpaintingInput.js';
import type { SamplePixels } from './encodeSample.js';

export interface ImageInpainting extends InpaintingRequest {
  readonly image: ImageSource;
}

/** A photograph that is none, but was drawn for the sample: its pixels [H·W·3], and in how many steps. */
interface Twin {
  readonly rgb: Uint8Array;
  readonly steps: number;
}

/** What stays the same from the scout to the finished picture. */
interface Ground {
  readonly asked: ImageInpainting;
  readonly twin: Twin | null;
  readonly place: InpaintingRegion;
  /** The window's pixels [side·side·3]. */
  readonly before: Uint8Array;
  /** The same at the model's size [S·S·3]. */
  readonly input: Uint8Array;
  /** Its latent [C,h,w]. */
  readonly known: Float32Array;
  /** The region at the model's size [S·S]. */
  readonly region: Uint8Array;
}

/** @param twin where what is drawn on is the sample's own normal twin. */
export async function createInpaintingJob(
  model: Model,
  request: SampleRequest,
  asked: ImageInpainting,
  twin: Twin | null = null,
): Promise<Job> {
  const { manifest } = model;
  const size = requireSquareSize(manifest);
  const photograph = await readSize(asked.image);
  // A twin is of the model's size and scale already.
  const usualSide = twin === null ? manifest.placement?.windows[request.product] : size;
  const place = await selectRegion(asked, request, photograph, manifest, usualSide ?? size);
  const { side } = place.window;
  const before = await readWindow(asked.image, place.window);
  const input = await resizeToModel(before, side, size);
  const known = await model.encode(toEncoderInput(input));
  const ground = { asked, twin, place, before, input, known, region: resizeMask(place.region, side, size) };
  const noise = gaussianNoise(request.seed, 0, known.length);
  const everywhere = new Uint8Array(manifest.latent.height * manifest.latent.width).fill(1);
  const scout = createDenoisingState(
    model,
    { ...request, strength: PROBE_STRENGTH, steps: PROBE_STEPS, sampler: 'DPM_SOLVER_PP' },
    { imageLatent: known, noise, mask: everywhere, denoisingStrength: 1 },
  );
  // At its strength the rows with and without the defect are both evaluated.
  scout.directionNorms = new Float64Array(everywhere.length);
  const timesteps = timestepsFor(request.sampler, manifest.schedule, request.steps);
  const done = twin?.steps ?? 0;
  const steps = done + PROBE_STEPS + timesteps.length - firstStepIndex(timesteps, asked.denoisingStrength);
  return {
    request,
    states: [scout],
    completedSteps: done,
    totalSteps: steps,
    memoryBytes: denoisingBytes(request, manifest, side),
    finishBytes: finishingBytes(request, manifest),
    async finishPhase(job) {
      const start = await alignNoise(model, request, ground, scout, noise);
      job.states = [start.main];
      job.completedSteps = done + PROBE_STEPS;
      job.finishBytes = compositingBytes(photograph, side, size);
      job.finishPhase = () => composite(model, ground, start);
      return null;
    },
  };
}

/** @throws InferenceError where the bundle draws pictures that are not square. */
export function requireSquareSize({ image, latent, name }: Manifest): number {
  if (image.width !== image.height || latent.width !== latent.height)
    throw new InferenceError(`${name} draws pictures that are not square; it cannot draw on photographs`);
  return image.width;
}

interface AlignedStart {
  readonly main: DenoisingState;
  /** The cells that are drawn. */
  readonly inside: Uint8Array;
  /** How strongly the scout was pushed towards the defect where it is drawn now, over elsewhere. */
  readonly direction: number | null;
}

/** Rolls the noise so that what the scout saw comes to lie in the region, and begins to draw there. */
async function alignNoise(
  model: Model,
  request: SampleRequest,
  { asked, place, known, region }: Ground,
  scout: DenoisingState,
  noise: Float32Array,
): Promise<AlignedStart> {
  const { image, latent: grid } = model.manifest;
  const soft = await softMaskOf(model, scout);
  const salience = soft === null ? new Float64Array(grid.height * grid.width) : salienceOf(soft, image.width, grid);
  const cells = toLatentMask(region, image.width, grid);
  const shift = bestShift(salience, cells, grid);
  const inside = place.modelChooses ? chooseCells(roll(salience, shift, grid), cells, grid) : cells;
  const start = {
    imageLatent: known,
    noise: roll(noise, shift, grid),
    mask: inside,
    denoisingStrength: asked.denoisingStrength,
  };
  const direction = scout.directionNorms === null ? null : ratioOf(roll(scout.directionNorms, shift, grid), inside);
  return { main: createDenoisingState(model, request, start), inside, direction };
}

async function composite(
  model: Model,
  ground: Ground,
  { main, inside, direction }: AlignedStart,
): Promise<SamplePixels> {
  const { image, latent: grid, mask: rules } = model.manifest;
  const { asked, twin, place, before, input, known, region } = ground;
  const [size, side] = [image.width, place.window.side];
  const free = toPixelMask(inside, size, grid);
  const [drawn, kept] = await Promise.all([
    decodeImageAndMask(model, main),
    main.plan.maskRow === null ? null : decodeLatent(model, known),
  ]);
  const change =
    drawn.soft === null || kept === null
      ? null
      : extractChange(
          drawn.image,
          kept,
          drawn.soft,
          region.map((value, i) => value & (free[i] ?? 0)),
          size,
          rules.minimumPeak,
        );
  const allowed = resizeMask(free, size, side).map((value, i) => value & (place.region[i] ?? 0));
  const { after, mask } = applyChangeToWindow(before, change, allowed, size, side);
  const photograph = await readImage(asked.image);
  const { width, height } = photograph;
  const marked =
    asked.existingMask === null
      ? new Uint8Array(width * height)
      : await readMask(asked.existingMask, 'marked', photograph);
  return {
    width,
    height,
    rgb: pasteWindow(photograph.rgb, width, after, place.window, 3),
    mask: pasteWindow(marked, width, mask, place.window, 1, (there, here) => there | here),
    region: pasteWindow(new Uint8Array(width * height), width, allowed, place.window, 1),
    twin: twin?.rgb ?? null,
    confidence: drawn.soft === null || change === null ? 0 : maskConfidence(drawn.soft, change.mask),
    scores: {
      // At the model's size: a window may be of any.
      ...computeScores(
        input,
        change === null ? input : applyChange(input, change),
        change?.mask ?? new Uint8Array(size * size),
        size,
      ),
      // The mask lies in the region, so what they share is the mask.
      filling: areaFraction(mask) / areaFraction(allowed),
      direction,
    },
  };
}

/** The mean of the values of the cells inside over that of those outside; `null` where there are none. */
function ratioOf(values: Float64Array, inside: Uint8Array): number | null {
  const mean = (of: 0 | 1): number => {
    const some = values.filter((_, cell) => inside[cell] === of);
    return some.reduce((sum, value) => sum + value, 0) / some.length;
  };
  const ratio = mean(1) / mean(0);
  return Number.isFinite(ratio) ? ratio : null;
}
