/** A finished sample as PNG files and numbers. */
import sharp from 'sharp';

import { maskBytes, overlayBytes, rgbBytes } from '../method/pixels.js';
import { areaFraction, boundingBoxes } from '../method/regions.js';
import type { SampleResult } from '../types.js';

/** @param image [3,H,W] in about −1 … 1. @param mask [H·W] of 0 and 1. */
export async function encodeSample(
  id: string,
  { width, height }: { width: number; height: number },
  { image, mask }: { image: Float32Array; mask: Uint8Array },
): Promise<SampleResult> {
  const rgb = rgbBytes(image);
  const png = (bytes: Uint8Array, channels: 1 | 3): Promise<Buffer> =>
    // A grey picture would be stored as RGB unless it is told its colour space.
    sharp(bytes, { raw: { width, height, channels } })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .png()
      .toBuffer();
  return {
    id,
    width,
    height,
    image: await png(rgb, 3),
    mask: await png(maskBytes(mask), 1),
    overlay: await png(overlayBytes(rgb, mask, width), 3),
    areaFraction: areaFraction(mask),
    boundingBoxes: boundingBoxes(mask, width),
  };
}
