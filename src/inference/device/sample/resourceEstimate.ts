/** The resources that a sample needs on a device: rows of an evaluation, and memory. The memory is estimated on the high side. */
import type { Manifest } from '../../bundle/manifest.js';
import { guidancePlan } from '../../method/guidance.js';
import { PROBE_STRENGTH } from '../../method/inpainting.js';
import type { SampleRequest } from '../../types.js';
import { usesModel } from '../../usesModel.js';

const BYTES_PER_FLOAT = 4;

/** The most rows that a sample adds to one evaluation. */
export function rowsPerEvaluation(request: SampleRequest, normal: string): number {
  // No row at all, but the sample takes its turn in a batch like the others.
  if (!usesModel(request)) return 1;
  const rowsAt = (strength: number): number => guidancePlan({ ...request, normal, strength }).rows.length;
  const rows = rowsAt(request.strength);
  if (request.inpainting != null) return Math.max(rows, rowsAt(PROBE_STRENGTH));
  return request.twin === true ? rows + rowsAt(0) : rows;
}

/**
 * Bytes from the first step to the last.
 * @param side the side of the inpainting window in pixels of the image; unless it is known, the product's usual side is assumed
 */
export function denoisingBytes(request: SampleRequest, manifest: Manifest, side?: number): number {
  const { image, latent, placement } = manifest;
  const latentBytes = BYTES_PER_FLOAT * latent.channels * latent.height * latent.width;
  const stateBytes = latentBytes * (2 + lateSteps(request, manifest));
  if (request.inpainting == null && request.transplant == null)
    return request.twin === true ? 2 * stateBytes : stateBytes;
  const size = image.width * image.height;
  // The window's colors and its region, both also at the model's size. The image's latent and the noise, twice while the noise is rolled.
  const onTwin = request.inpainting?.image === null;
  const usualSide = onTwin ? image.width : (placement?.windows[request.product] ?? image.width);
  const pixels = (side ?? usualSide) ** 2 + size;
  // A twin's colors, and a copy of them.
  return stateBytes + 4 * pixels + 4 * latentBytes + (onTwin ? 6 * size : 0);
}

/** Bytes to decode, threshold, and encode a sample: floats of each image and of the soft mask, then bytes of the results. */
export function finishingBytes({ maskMode, twin }: SampleRequest, { image }: Manifest): number {
  const decoded = (maskMode === 'AVERAGE_PIXELS' ? IMAGES_PER_DECODE : 1) + (twin === true ? 2 : 1);
  return image.width * image.height * (BYTES_PER_FLOAT * image.channels * decoded + 32);
}

/** Bytes to composite an inpainting sample: the image's colors, mask, region, and files; floats of the change at both sizes. */
export function compositingBytes(image: { width: number; height: number }, side: number, size: number): number {
  return 20 * image.width * image.height + 16 * side ** 2 + 400 * size ** 2;
}

/** How many images of one sample are decoded at a time. */
export const IMAGES_PER_DECODE = 16;

function lateSteps({ steps }: SampleRequest, { mask, schedule }: Manifest): number {
  return Math.ceil((steps * mask.lateTimestep) / schedule.numTrainTimesteps) + 1;
}
