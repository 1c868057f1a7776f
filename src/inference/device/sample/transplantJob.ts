/**
 * The job of a transplanted sample: a real defect is laid onto the photograph (method/transplant/). Without a harmonizing
 * pass, the job has no denoising states and ends at once. With one, the model denoises the region from a low noise level,
 * as it draws on a photograph, and what it changed is added.
 */
import { applyChangeToWindow } from '../../method/applyChange.js';
import { firstStepIndex, toLatentMask } from '../../method/inpainting.js';
import { gaussianNoise } from '../../method/noise.js';
import { timestepsFor } from '../../method/samplers/index.js';
import { harmonizingChange } from '../../method/transplant/harmonizing.js';
import type { Window } from '../../method/window.js';
import { cropWindow, maskExtent, resizeMask, windowAround } from '../../method/window.js';
import type { SampleRequest, TransplantRequest } from '../../types.js';
import type { Model } from '../model/model.js';
import { decodeLatent } from './decodeSample.js';
import { createDenoisingState } from './denoisingState.js';
import { pasteWindow, readSize, resizeToModel, toEncoderInput } from './inpaintingImage.js';
import { requireSquareSize } from './inpaintingJob.js';
import type { Job } from './job.js';
import type { LaidTransplant } from './laidTransplant.js';
import { layTransplant, transplantPixels } from './laidTransplant.js';
import { compositingBytes, denoisingBytes } from './resourceEstimate.js';

export async function createTransplantJob(
  model: Model,
  request: SampleRequest,
  options: TransplantRequest,
): Promise<Job> {
  const { seed, strength } = request;
  if (options.denoisingStrength > 0 && strength > 0)
    return createHarmonizingJob(model, request, options, await layTransplant(options, seed, strength));
  const [image, donor] = [await readSize(options.image), await readSize(options.donor)];
  return {
    request,
    states: [],
    completedSteps: 0,
    totalSteps: 1,
    memoryBytes: 0,
    finishBytes: compositingBytes(image, 0, 0) + compositingBytes(donor, 0, 0),
    async finishPhase() {
      const laid = await layTransplant(options, seed, strength);
      return transplantPixels(laid, laid.rgb);
    },
  };
}

async function createHarmonizingJob(
  model: Model,
  request: SampleRequest,
  { denoisingStrength }: TransplantRequest,
  laid: LaidTransplant,
): Promise<Job> {
  const { manifest } = model;
  const size = requireSquareSize(manifest);
  const window = windowOf(laid, manifest.placement?.windows[request.product] ?? size);
  const { side } = window;
  const windowRgb = cropWindow(laid.rgb, laid.width, 3, window);
  const windowRegion = cropWindow(laid.region, laid.width, 1, window);
  const region = resizeMask(windowRegion, side, size);
  const imageLatent = await model.encode(toEncoderInput(await resizeToModel(windowRgb, side, size)));
  const state = createDenoisingState(model, request, {
    imageLatent,
    noise: gaussianNoise(request.seed, 0, imageLatent.length),
    mask: toLatentMask(region, size, manifest.latent),
    denoisingStrength,
  });
  const timesteps = timestepsFor(request.sampler, manifest.schedule, request.steps);
  return {
    request,
    states: [state],
    completedSteps: 0,
    totalSteps: timesteps.length - firstStepIndex(timesteps, denoisingStrength),
    memoryBytes: denoisingBytes(request, manifest, side) + 8 * laid.width * laid.height,
    finishBytes: compositingBytes(laid, side, size),
    async finishPhase() {
      const [drawn, reconstruction] = [await decodeLatent(model, state.latent), await decodeLatent(model, imageLatent)];
      const change = harmonizingChange(drawn, reconstruction, region, size);
      const { rgb } = applyChangeToWindow(windowRgb, change, windowRegion, size, side);
      return transplantPixels(laid, pasteWindow(laid.rgb, laid.width, rgb, window, 3));
    },
  };
}

/** The window around the region. Of a region that no square of the photograph contains, the largest around its middle. */
function windowOf({ region, width, height }: LaidTransplant, usualSide: number): Window {
  const extent = maskExtent(region, width) ?? { left: 0, top: 0, width: 1, height: 1 };
  const most = Math.min(width, height);
  if (Math.max(extent.width, extent.height) <= most) return windowAround(region, { width, height }, usualSide);
  const middle = (start: number, length: number, whole: number): number =>
    Math.min(whole - most, Math.max(0, Math.round(start + length / 2 - most / 2)));
  return {
    left: middle(extent.left, extent.width, width),
    top: middle(extent.top, extent.height, height),
    side: most,
  };
}
