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
import type { Area, Place } from './place.js';
import { anyPlace, findPlace, refinePlace } from './place.js';
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
  /** `null` allows all of the photograph. */
  readonly area: Area | null;
  /** Lays the defect without regard to the surroundings. */
  readonly anywhere: boolean;
}

export interface Transplant extends BlendedPart {
  readonly place: Place;
  readonly variation: Variation;
}

/** One varied form of a defect, before it has a place. */
interface Variant {
  readonly donor: Donor;
  readonly variation: Variation;
  /** In (0, 1), among the places that are as good. */
  readonly choice: number;
}

interface Fit extends Variant {
  readonly place: Place;
}

/** @throws RangeError for an empty mask, and when the defect has no place or vanishes. */
export function transplant(input: TransplantInput): Transplant {
  const { photograph, strength } = input;
  const variants = varyDefect(input);
  const fit = input.anywhere ? layAnywhere(input, variants) : bestFit(input, variants);
  if (fit === null) throw new RangeError('allowedArea leaves the defect no place');
  const { donor, variation, place } = fit;
  return { ...blend(photograph, donor, place, strength, variation.contrast), place, variation };
}

/** Less those that vanish because the defect is so small. */
function varyDefect({ donor: image, donorMask, seed, limits }: TransplantInput): readonly Variant[] {
  const variants = uniforms(seed, TRANSPLANT_STREAM, TRIALS).map((choice, trial): Variant => {
    const variation = drawVariation(limits, seed, trial);
    return { donor: varyDonor(image, donorMask, variation), variation, choice };
  });
  const visible = variants.filter(({ donor }) => donor.mask.includes(1));
  if (visible.length === 0) throw new RangeError('the defect is so small that it vanishes when it is scaled down');
  return visible;
}

/** The variant whose surroundings fit best, at its place. */
function bestFit({ photograph, area }: TransplantInput, variants: readonly Variant[]): Fit | null {
  const fits = variants.flatMap((variant): Fit[] => {
    const place = findPlace(photograph, variant.donor, area, variant.choice);
    return place === null ? [] : [{ ...variant, place }];
  });
  const [first] = fits;
  if (first === undefined) return null;
  const best = fits.reduce((least, fit) => (fit.place.difference < least.place.difference ? fit : least), first);
  return { ...best, place: refinePlace(photograph, best.donor, area, best.place) };
}

/** Without regard to the surroundings: for training, where variety can be worth more than realism. */
function layAnywhere({ photograph, area }: TransplantInput, [variant]: readonly Variant[]): Fit | null {
  if (variant === undefined) return null;
  const place = anyPlace(photograph, variant.donor, area, variant.choice);
  return place === null ? null : { ...variant, place };
}
