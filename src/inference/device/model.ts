/**
 * An opened bundle as three functions. This is the one file that speaks to the graphs, so it says what their tensors hold.
 *
 *   B samples, U background rows, R rows; latent [C,h,w], text [D], image [3,H,W]
 */
import * as ort from 'onnxruntime-node';

import type { Bundle, Manifest } from '../bundle/manifest.js';
import { InferenceError } from '../errors.js';
import type { DeviceOptions } from './sessions.js';
import { openSession } from './sessions.js';
import type { Embed } from './text.js';
import { openText } from './text.js';

/** One call of the denoiser: every row of every sample that takes part in it. */
export interface Evaluation {
  /** B of [C,h,w] */
  readonly latents: readonly Float32Array[];
  /** [B] */
  readonly timesteps: readonly number[];
  /** [U]: the sample that each background row reads */
  readonly backgroundSample: readonly number[];
  /** U of [D]: c_p */
  readonly backgroundText: readonly Float32Array[];
  /** [R]: the background row that each row continues */
  readonly rowBackground: readonly number[];
  /** R of [D]: c_d */
  readonly defectText: readonly Float32Array[];
  /** R of [D]: c_f */
  readonly fusionText: readonly Float32Array[];
}

/** What the denoiser says of one row. */
export interface Prediction {
  /** ε [C,h,w] */
  readonly noise: Float32Array;
  /** M_f [C,h,w] */
  readonly maskFeature: Float32Array;
  /** v [C,h,w], of a model that learned its variance */
  readonly variance: Float32Array | undefined;
}

export interface Model {
  readonly manifest: Manifest;
  readonly embed: Embed;
  /** One prediction per row. */
  denoise(evaluation: Evaluation): Promise<Prediction[]>;
  /** Latents (or mask features) [C,h,w] → as many pictures [3,H,W], in about −1 … 1. */
  decode(latents: readonly Float32Array[]): Promise<Float32Array[]>;
  /** An image [3,H,W] in −1 … 1 → its latent [C,h,w]. @throws InferenceError where the bundle has no image encoder. */
  encode(image: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

export async function openModel(bundle: Bundle, device: DeviceOptions): Promise<Model> {
  const { manifest } = bundle;
  const { channels, height, width } = manifest.latent;
  const { image: size } = manifest;
  const textEncoder = await openSession(bundle, 'text_encoder', device);
  const denoiser = await openSession(bundle, 'denoiser', device);
  const decoder = await openSession(bundle, 'image_decoder', device);
  const encoder =
    manifest.components.image_encoder === undefined ? null : await openSession(bundle, 'image_encoder', device);

  return {
    manifest,
    embed: await openText(bundle, textEncoder),

    async denoise({ latents, timesteps, backgroundSample, backgroundText, rowBackground, defectText, fusionText }) {
      const outputs = await denoiser.run({
        latent: new ort.Tensor('float32', concatenated(latents), [latents.length, channels, height, width]),
        timestep: integers(timesteps),
        background_sample: integers(backgroundSample),
        background_text: vectors(backgroundText),
        row_background: integers(rowBackground),
        defect_text: vectors(defectText),
        fusion_text: vectors(fusionText),
      });
      const rows = (name: string): Float32Array[] => split(outputs[name]?.data as Float32Array, rowBackground.length);
      const [noise, maskFeature] = [rows('noise'), rows('mask_feature')];
      const variance = manifest.schedule.varianceType === 'learned_range' ? rows('variance') : undefined;
      return rowBackground.map((_, r) => ({
        noise: noise[r] as Float32Array,
        maskFeature: maskFeature[r] as Float32Array,
        variance: variance?.[r],
      }));
    },

    async decode(latents) {
      const { image } = await decoder.run({
        latent: new ort.Tensor('float32', concatenated(latents), [latents.length, channels, height, width]),
      });
      return split(image?.data as Float32Array, latents.length);
    },

    async encode(image) {
      if (encoder === null)
        throw new InferenceError(`${bundle.id} has no image encoder, so it cannot read a photograph`);
      const { latent } = await encoder.run({
        image: new ort.Tensor('float32', image, [1, size.channels, size.height, size.width]),
      });
      return new Float32Array(latent?.data as Float32Array);
    },

    async close() {
      for (const session of [textEncoder, denoiser, decoder, encoder]) await session?.release();
    },
  };
}

function integers(values: readonly number[]): ort.Tensor {
  const wide = new BigInt64Array(values.length);
  for (let i = 0; i < wide.length; i++) wide[i] = BigInt(values[i] ?? 0);
  return new ort.Tensor('int64', wide, [values.length]);
}

function vectors(rows: readonly Float32Array[]): ort.Tensor {
  return new ort.Tensor('float32', concatenated(rows), [rows.length, rows[0]?.length ?? 0]);
}

function concatenated(arrays: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(arrays.reduce((length, array) => length + array.length, 0));
  let offset = 0;
  for (const array of arrays) {
    whole.set(array, offset);
    offset += array.length;
  }
  return whole;
}

function split(whole: Float32Array, parts: number): Float32Array[] {
  const length = whole.length / parts;
  return Array.from({ length: parts }, (_, i) => whole.subarray(i * length, (i + 1) * length));
}
