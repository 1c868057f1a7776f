/** What a detection format says about a mask: its regions with their outlines. */
import sharp from 'sharp';
import type { BoundingBox } from '../inference/index.js';
import { encodeRle, runLengths } from './cocoRle.js';
import { polygonOutline } from './polygonOutline.js';
import { regionsOf } from './regions.js';

export type Segmentation = 'POLYGONS' | 'RLE';

export interface Annotation {
  readonly box: BoundingBox;
  readonly pixels: number;
  /** As COCO has it: one polygon, x and y by turns, or the run lengths of the whole image. */
  readonly segmentation: readonly (readonly number[])[] | RunLengths;
}

interface RunLengths {
  readonly size: readonly [height: number, width: number];
  readonly counts: string;
}

export interface AnnotationTask {
  /** PNG. */
  readonly mask: Uint8Array;
  readonly segmentation: Segmentation;
}

/** In the order of a sample's bounding boxes: largest region first. */
export async function annotationsOf({ mask, segmentation }: AnnotationTask): Promise<Annotation[]> {
  const { data, info } = await sharp(mask).extractChannel(0).raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  return regionsOf(data, width).map((region) => ({
    box: region.box,
    pixels: region.pixels,
    segmentation:
      segmentation === 'POLYGONS'
        ? [polygonOutline(region).flat()]
        : { size: [height, width], counts: encodeRle(runLengths(region, width, height)) },
  }));
}
