/** What a sample takes of a device: rows of an evaluation, and memory. The memory is an estimate, on the high side. */
import type { Manifest } from '../../bundle/manifest.js';
import { guidancePlan } from '../../method/guidance.js';
import { PROBE_STRENGTH } from '../../method/inpainting.js';
import type { SampleRequest } from '../../types.js';

const FLOAT = 4;

/** The most rows that a sample puts into one evaluation. */
export function rowsPerEvaluation(request: SampleRequest, normal: string): number {
  const rowsAt = (strength: number): number => guidancePlan({ ...request, normal, strength }).rows.length;
  const rows = rowsAt(request.strength);
  if (request.inpainting != null) return Math.max(rows, rowsAt(PROBE_STRENGTH));
  return request.twin === true ? rows + rowsAt(0) : rows;
}

/**
 * Bytes from the first step to the last.
 * @param side of a photograph's window where it is known, in its pixels; before that, what is usual for the product.
 */
export function denoisingBytes(request: SampleRequest, manifest: Manifest, side?: number): number {
  const { image, latent, placement } = manifest;
  const latentBytes = FLOAT * latent.channels * latent.height * latent.width;
  const drawing = latentBytes * (2 + lateSteps(request, manifest));
  if (request.inpainting == null) return request.twin === true ? 2 * drawing : drawing;
  const size = image.width * image.height;
  // The window in colours with its region, and both at the model's size; the photograph's latent and noise, twice while it is placed.
  const ownTwin = request.inpainting.image === null;
  const usual = ownTwin ? image.width : (placement?.windows[request.product] ?? image.width);
  const pixels = (side ?? usual) ** 2 + size;
  // A twin's colours, and its file until it has been read.
  return drawing + 4 * pixels + 4 * latentBytes + (ownTwin ? 6 * size : 0);
}

/** Bytes while it is decoded, thresholded and encoded: floats of each picture and of the grey mask, then bytes of what is stored. */
export function finishingBytes({ maskMode, twin }: SampleRequest, { image }: Manifest): number {
  const decoded = (maskMode === 'AVERAGE_PIXELS' ? IMAGES_PER_DECODE : 1) + (twin === true ? 2 : 1);
  return image.width * image.height * (FLOAT * image.channels * decoded + 32);
}

/** … and on a photograph: its colours, mask and region and their files, and the floats of the change at the model's size and at the window's. */
export function compositingBytes(photograph: { width: number; height: number }, side: number, size: number): number {
  return 20 * photograph.width * photograph.height + 16 * side ** 2 + 400 * size ** 2;
}

/** How many pictures of one sample are decoded before they are added up. */
export const IMAGES_PER_DECODE = 16;

function lateSteps({ steps }: SampleRequest, { mask, schedule }: Manifest): number {
  return Math.ceil((steps * mask.lateTimestep) / schedule.numTrainTimesteps) + 1;
}
