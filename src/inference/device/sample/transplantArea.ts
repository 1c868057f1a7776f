/**
 * Where a transplant may lie on the photograph: as the request allows, else on the part. A gap that reached past the edge would leave a
 * patch of background beside the part. Reference: training/defectdiffu/transplant/part.py.
 */
import type { Area } from '../../method/transplant/place.js';
import type { AllowedArea, TransplantRequest } from '../../types.js';
import { readArea, readForeground, told } from './allowedArea.js';
import type { RawImage } from './inpaintingImage.js';

/** Of a defect, which can be a little wider than the convex outline of the part. */
const ON_PART = 0.95;
/** Without the margin that regions have. */
const OUTSET = 0;

export interface TransplantArea {
  readonly area: Area | null;
  /** What is told of it. */
  readonly allowedArea: AllowedArea;
}

/** @throws InferenceError if the area of the request is empty. */
export async function transplantArea(
  allowed: TransplantRequest['allowed'],
  photograph: RawImage,
): Promise<TransplantArea> {
  const { pixels, area } =
    allowed === null
      ? told('FOREGROUND', await readForeground(photograph, photograph, OUTSET))
      : told('REQUEST', await readArea(allowed, 'allowedArea', photograph));
  return { area: pixels === null ? null : { pixels, least: allowed === null ? ON_PART : null }, allowedArea: area };
}
