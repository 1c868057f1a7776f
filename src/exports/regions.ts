/** The connected regions of a mask, each cut out by itself: what one annotation describes. */
import type { BoundingBox } from '../inference/index.js';
import { componentMask, connectedComponents } from '../inference/index.js';

export interface Region {
  readonly box: BoundingBox;
  readonly pixels: number;
  /** 1 on the region, of the box's size, row by row. */
  readonly mask: Uint8Array;
}

/** In the order of a sample's bounding boxes: largest region first. */
export function regionsOf(mask: Uint8Array, width: number): Region[] {
  return connectedComponents(mask, width).map((component) => ({
    box: component.box,
    pixels: component.pixels,
    mask: componentMask(component),
  }));
}
