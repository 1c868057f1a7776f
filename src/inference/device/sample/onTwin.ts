/**
 * A sample on its own normal twin: the twin is drawn first, at strength 0 from the same seed, and then drawn on as if it were a
 * photograph. So it is from noise alone, and yet nothing but the defect differs from a normal picture. Reference:
 * training/defectdiffu/sampling/photograph.py, draw_on_twins.
 */
import sharp from 'sharp';

import { SCOUT_STEPS } from '../../method/photograph.js';
import { rgbBytes } from '../../method/pixels.js';
import { stepsOnPhotograph } from '../../requests.js';
import type { PhotographRequest, SampleRequest } from '../../types.js';
import { beginDrawing, decodeOne } from './drawing.js';
import type { Job } from './job.js';
import type { Model } from '../model/model.js';
import { bytesOf, endBytesOf } from './needs.js';
import { beginOnPhotograph, squareSize } from './onPhotograph.js';

/** @param initialNoise of the twin, in place of that of the seed, [C,h,w]. */
export function beginOnTwin(
  model: Model,
  request: SampleRequest,
  asked: Omit<PhotographRequest, 'picture'>,
  initialNoise?: Float32Array,
): Job {
  const { manifest } = model;
  squareSize(manifest);
  // By the guidance that knows w_p: nothing shows the product yet.
  const twin = beginDrawing(model, { ...request, strength: 0, guidance: 'DOUBLE_FREE' }, initialNoise);
  const { sampler, steps } = request;
  return {
    request,
    drawings: [twin],
    before: 0,
    steps: steps + SCOUT_STEPS + stepsOnPhotograph(sampler, manifest.schedule, steps, asked.freedom),
    bytes: bytesOf(request, manifest),
    endBytes: endBytesOf(request, manifest),
    async proceed(job) {
      const rgb = rgbBytes(await decodeOne(model, twin.latent));
      const { width, height } = manifest.image;
      const picture = await sharp(rgb, { raw: { width, height, channels: 3 } })
        .png({ compressionLevel: 0 })
        .toBuffer();
      const next = await beginOnPhotograph(model, request, { ...asked, picture }, { rgb, steps });
      job.drawings = next.drawings;
      job.before = next.before;
      job.endBytes = next.endBytes;
      job.proceed = next.proceed;
      return null;
    },
  };
}
