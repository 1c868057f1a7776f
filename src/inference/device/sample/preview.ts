/**
 * What a sample is becoming: its prediction of x_0, decoded. A call of the decoder costs about a third of a step, so there are only three
 * of them. A student draws in few steps and gets none.
 */
import sharp from 'sharp';

import { toRgbBytes } from '../../method/pixels.js';
import type { Model } from '../model/model.js';
import { decodeLatent } from './decodeSample.js';
import type { Job } from './job.js';
import { currentStep, isDenoised } from './job.js';

/** After each of these parts of the steps but the last, which ends with the sample itself. */
const PARTS = 4;
const MAX_SIDE = 256;
const QUALITY = 60;

/** To be asked after each step. */
export function isPreviewDue(job: Job): boolean {
  const { previews = false, sampler } = job.request;
  if (!previews || sampler === 'TURBO' || isDenoised(job)) return false;
  const part = (step: number): number => Math.floor((PARTS * step) / job.totalSteps);
  const step = currentStep(job);
  return part(step) > part(step - 1);
}

/** A WebP file. Of a sample on a photograph, it shows the window that the model sees. */
export async function encodePreview(model: Model, { states: [main] }: Job): Promise<Uint8Array> {
  if (main === undefined) throw new Error('a job without states has no preview');
  const { width, height } = model.manifest.image;
  const rgb = toRgbBytes(await decodeLatent(model, main.predictedOriginal ?? main.latent));
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .resize({ width: MAX_SIDE, height: MAX_SIDE, fit: 'inside', withoutEnlargement: true })
    .webp({ quality: QUALITY })
    .toBuffer();
}
