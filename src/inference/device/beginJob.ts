/** From noise: the drawing, and its normal twin beside it. On a photograph: onPhotograph.ts. */
import { guidancePlan } from '../method/guidance.js';
import { binarise } from '../method/mask.js';
import { SCOUT_STRENGTH } from '../method/photograph.js';
import { rgbBytes } from '../method/pixels.js';
import { scoresOf } from '../method/scores.js';
import type { SampleRequest } from '../types.js';
import type { Drawing } from './drawing.js';
import { beginDrawing, decodeDrawing } from './drawing.js';
import type { Job } from './job.js';
import type { Model } from './model.js';
import { beginOnPhotograph } from './onPhotograph.js';
import type { Pixels } from './pictures.js';

/** The most rows that a sample puts into one evaluation. */
export function rowsOf(request: SampleRequest, normal: string): number {
  const rowsAt = (strength: number): number => guidancePlan({ ...request, normal, strength }).rows.length;
  const rows = rowsAt(request.strength);
  if (request.photograph != null) return Math.max(rows, rowsAt(SCOUT_STRENGTH));
  return request.twin === true ? rows + rowsAt(0) : rows;
}

/** @param initialNoise in place of that of the seed, [C,h,w]: to compare with another implementation. */
export async function beginJob(model: Model, request: SampleRequest, initialNoise?: Float32Array): Promise<Job> {
  if (request.photograph != null) return beginOnPhotograph(model, request, request.photograph);
  const main = await beginDrawing(model, request, initialNoise);
  const twin = request.twin === true ? await beginDrawing(model, { ...request, strength: 0 }, initialNoise) : null;
  return {
    request,
    drawings: twin === null ? [main] : [main, twin],
    before: 0,
    steps: request.steps,
    proceed: () => finish(model, main, twin),
  };
}

async function finish(model: Model, main: Drawing, twin: Drawing | null): Promise<Pixels> {
  const { width, height } = model.manifest.image;
  const { image, soft } = await decodeDrawing(model, main);
  const rgb = rgbBytes(image);
  const mask = soft === null ? new Uint8Array(width * height) : binarise(soft, model.manifest.mask.minimumPeak);
  const normal = twin === null ? null : rgbBytes(await model.decode(twin.latent));
  const scores = normal === null ? null : { ...scoresOf(normal, rgb, mask, width), filling: null, direction: null };
  return { width, height, rgb, mask, region: null, twin: normal, scores };
}
