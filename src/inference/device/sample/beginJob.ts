/** From noise: the drawing, and its normal twin beside it. On a photograph: onPhotograph.ts. On the twin: onTwin.ts. */
import { binarise, confidenceOf } from '../../method/mask.js';
import { rgbBytes } from '../../method/pixels.js';
import { scoresOf } from '../../method/scores.js';
import type { SampleRequest } from '../../types.js';
import type { Drawing } from './drawing.js';
import { beginDrawing, decodeDrawing, decodeOne } from './drawing.js';
import type { Job } from './job.js';
import type { Model } from '../model/model.js';
import { bytesOf, endBytesOf } from './needs.js';
import { beginOnPhotograph } from './onPhotograph.js';
import { beginOnTwin } from './onTwin.js';
import type { Pixels } from './pictures.js';

/** @param initialNoise in place of that of the seed, [C,h,w]: to compare with another implementation. */
export async function beginJob(model: Model, request: SampleRequest, initialNoise?: Float32Array): Promise<Job> {
  if (request.photograph != null) {
    const { picture, ...asked } = request.photograph;
    return picture === null
      ? beginOnTwin(model, request, asked, initialNoise)
      : beginOnPhotograph(model, request, { ...asked, picture });
  }
  const main = beginDrawing(model, request, initialNoise);
  const twin = request.twin === true ? beginDrawing(model, { ...request, strength: 0 }, initialNoise) : null;
  return {
    request,
    drawings: twin === null ? [main] : [main, twin],
    before: 0,
    steps: request.steps,
    bytes: bytesOf(request, model.manifest),
    endBytes: endBytesOf(request, model.manifest),
    proceed: () => finish(model, main, twin),
  };
}

async function finish(model: Model, main: Drawing, twin: Drawing | null): Promise<Pixels> {
  const { width, height } = model.manifest.image;
  const [{ image, soft }, twinImage] = await Promise.all([
    decodeDrawing(model, main),
    twin === null ? null : decodeOne(model, twin.latent),
  ]);
  const rgb = rgbBytes(image);
  const mask = soft === null ? new Uint8Array(width * height) : binarise(soft, model.manifest.mask.minimumPeak);
  const normal = twinImage === null ? null : rgbBytes(twinImage);
  const scores = normal === null ? null : { ...scoresOf(normal, rgb, mask, width), filling: null, direction: null };
  const confidence = soft === null ? 0 : confidenceOf(soft, mask);
  return { width, height, rgb, mask, region: null, twin: normal, confidence, scores };
}
