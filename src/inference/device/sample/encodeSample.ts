/** A finished sample as PNG files and numbers. */
import sharp from 'sharp';

import { toMaskBytes, renderOverlay } from '../../method/pixels.js';
import { areaFraction, boundingBoxes } from '../../method/connectedComponents.js';
import type { SampleResult, QualityScores } from '../../types.js';

/** A finished sample's pixels. */
export interface SamplePixels {
  readonly width: number;
  readonly height: number;
  /** [H·W·3] */
  readonly rgb: Uint8Array;
  /** [H·W] of 0 and 1, as `region` */
  readonly mask: Uint8Array;
  readonly region: Uint8Array | null;
  /** [H·W·3] */
  readonly twin: Uint8Array | null;
  /** See SampleResult. */
  readonly confidence: number;
  readonly scores: QualityScores | null;
}

export async function encodeSample(id: string, pixels: SamplePixels): Promise<SampleResult> {
  const { width, height, rgb, mask, region, twin, confidence, scores } = pixels;
  const png = (bytes: Uint8Array, channels: 1 | 3): Promise<Buffer> =>
    // A grey picture would be stored as RGB unless it is told its colour space.
    sharp(bytes, { raw: { width, height, channels } })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .png()
      .toBuffer();
  // On libvips' threads, side by side: a photograph of 40 megapixels takes seconds each.
  const [image, overlay, marked, free, normal] = await Promise.all([
    png(rgb, 3),
    png(renderOverlay(rgb, mask, width), 3),
    png(toMaskBytes(mask), 1),
    region === null ? null : png(toMaskBytes(region), 1),
    twin === null ? null : png(twin, 3),
  ]);
  return {
    id,
    width,
    height,
    image,
    mask: marked,
    overlay,
    areaFraction: areaFraction(mask),
    boundingBoxes: boundingBoxes(mask, width),
    region: free,
    twin: normal,
    confidence,
    scores,
  };
}
