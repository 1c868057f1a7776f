/** The input of an inpainting sample: the image's pixels and masks. */
import type { Sharp } from 'sharp';
import sharp from 'sharp';

import { InferenceError } from '../../errors.js';
import type { Size, Window } from '../../method/window.js';
import { cropWindow } from '../../method/window.js';
import type { ImageSource } from '../../types.js';

export interface RawImage extends Size {
  /** [H·W·3] */
  readonly rgb: Uint8Array;
}

/** An image file, or the pixels of a normal twin. */
export type InpaintingImage = ImageSource | RawImage;

function isRaw(image: InpaintingImage): image is RawImage {
  return typeof image === 'object' && 'rgb' in image;
}

/** @throws InferenceError if the file is not an image. */
export async function readSize(image: InpaintingImage): Promise<Size> {
  if (isRaw(image)) return image;
  try {
    const { width, height } = await sharp(image).metadata();
    return { width, height };
  } catch (error) {
    // The message names a path of the server, which is not for the client.
    const reason = typeof image === 'string' ? '' : `: ${(error as Error).message}`;
    throw new InferenceError(`the photograph cannot be read${reason}`, { cause: error });
  }
}

/** The pixels, which the caller may change. */
export async function readImage(image: InpaintingImage): Promise<RawImage> {
  if (isRaw(image)) return { ...image, rgb: new Uint8Array(image.rgb) };
  const { data, info } = await toRawRgb(sharp(image)).toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgb: data };
}

/** The window's pixels, [side·side·3]. */
export async function readWindow(image: InpaintingImage, window: Window): Promise<Uint8Array> {
  if (isRaw(image)) return cropWindow(image.rgb, image.width, 3, window);
  const { left, top, side } = window;
  return toRawRgb(sharp(image).extract({ left, top, width: side, height: side })).toBuffer();
}

/** The whole image, resized: [h·w·3]. */
export async function readReduced(image: InpaintingImage, { width, height }: Size): Promise<Uint8Array> {
  const source = isRaw(image)
    ? sharp(image.rgb, { raw: { width: image.width, height: image.height, channels: 3 } })
    : sharp(image);
  return toRawRgb(source.resize(width, height, { fit: 'fill', kernel: 'linear' })).toBuffer();
}

function toRawRgb(image: Sharp): Sharp {
  return image.removeAlpha().toColourspace('srgb').raw();
}

/** [H·W] of 0 and 1. @throws InferenceError if the mask and the image have different sizes. */
export async function readMask(mask: ImageSource, field: string, { width, height }: Size): Promise<Uint8Array> {
  const { data, info } = await sharp(mask).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  if (info.width !== width || info.height !== height) {
    throw new InferenceError(
      `${field} is ${String(info.width)} × ${String(info.height)} pixels, the photograph ${String(width)} × ${String(height)}`,
    );
  }
  // A plain loop into one array: there may be 40 million pixels.
  const inside = new Uint8Array(width * height);
  for (let i = 0; i < inside.length; i++) inside[i] = (data[i * info.channels] ?? 0) > 127 ? 1 : 0;
  return inside;
}

/** Pastes the window's pixels into `whole`, in place. */
export function pasteWindow(
  whole: Uint8Array,
  width: number,
  pixels: Uint8Array,
  { left, top, side }: Window,
  channels: number,
): Uint8Array {
  const row = side * channels;
  for (let y = 0; y < side; y++)
    whole.set(pixels.subarray(y * row, (y + 1) * row), ((top + y) * width + left) * channels);
  return whole;
}

/** A window's pixels at the model's size, [S·S·3]. */
export async function resizeToModel(window: Uint8Array, side: number, size: number): Promise<Uint8Array> {
  if (side === size) return window;
  return sharp(window, { raw: { width: side, height: side, channels: 3 } })
    .resize(size, size, { kernel: 'cubic' })
    .raw()
    .toBuffer();
}

/** Bytes [S·S·3] → [3,S,S] in −1 … 1, the input of the image encoder. */
export function toEncoderInput(bytes: Uint8Array): Float32Array {
  const plane = bytes.length / 3;
  const input = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) input[(i % 3) * plane + Math.floor(i / 3)] = (bytes[i] ?? 0) / 127.5 - 1;
  return input;
}
