/**
 * Lays a real defect, varied, onto a photograph of a good part. Nothing is trained for it. The mask is the varied mask of the defect, so
 * that it keeps the convention of whoever annotated it. Reference: training/defectdiffu/transplant/transplant.py.
 */
import { uniforms } from '../noise.js';
import type { BlendedPart } from './blend.js';
import { blend } from './blend.js';
import type { Donor } from './donor.js';
import { varyDonor } from './donor.js';
import type { Rgb } from './image.js';
import type { Place } from './place.js';
import { findPlace, refinePlace } from './place.js';
import type { Variation, VariationLimits } from './variation.js';
import { TRANSPLANT_STREAM, drawVariation } from './variation.js';

/** Variations that are tried. The one whose surroundings fit best is laid. */
const TRIALS = 3;

export interface TransplantInput {
  readonly photograph: Rgb;
  readonly donor: Rgb;
  /** [H·W] of the donor, 0 and 1, not empty */
  readonly donorMask: Uint8Array;
  readonly seed: number;
  /** 0 or more: the opacity of the defect up to 1. Above, its contrast is exaggerated. */
  readonly strength: number;
  readonly limits: VariationLimits;
  /** [H·W] of the photograph: where the middle of the defect may lie; null allows all. */
  readonly allowed: Uint8Array | null;
}

export interface Transplant extends BlendedPart {
  readonly place: Place;
  readonly variation: Variation;
}

interface Fit {
  readonly donor: Donor;
  readonly place: Place;
  readonly variation: Variation;
}

/** @throws RangeError for an empty mask, and when the defect has no place or vanishes. */
export function transplant(input: TransplantInput): Transplant {
  const choices = uniforms(input.seed, TRANSPLANT_STREAM, TRIALS);
  const donors = choices.flatMap((choice, trial) => {
    const variation = drawVariation(input.limits, input.seed, trial);
    const donor = varyDonor(input.donor, input.donorMask, variation);
    return donor.mask.includes(1) ? [{ donor, variation, choice }] : [];
  });
  if (donors.length === 0) throw new RangeError('the defect is so small that it vanishes when it is scaled down');
  const fits = donors.flatMap(({ donor, variation, choice }): Fit[] => {
    const place = findPlace(input.photograph, donor, input.allowed, choice);
    return place === null ? [] : [{ donor, place, variation }];
  });
  const [first] = fits;
  if (first === undefined) throw new RangeError('allowedArea leaves the defect no place');
  const best = fits.reduce((least, fit) => (fit.place.difference < least.place.difference ? fit : least), first);
  const { donor, variation } = best;
  const place = refinePlace(input.photograph, donor, input.allowed, best.place);
  return { ...blend(input.photograph, donor, place, input.strength, variation.contrast), place, variation };
}
