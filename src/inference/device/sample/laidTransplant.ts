/** Reads the images of a transplant, and lays the defect onto the photograph. */
import sharp from 'sharp';
import { MIN_VISIBLE_CHANGE } from '../../method/composition.js';
import { areaFraction } from '../../method/connectedComponents.js';
import { toMaskBytes } from '../../method/pixels.js';
import { computeScores } from '../../method/qualityScores.js';
import type { Size } from '../../method/window.js';
import type { CutPasteInput } from '../../method/transplant/cutPaste.js';
import type { Transplant } from '../../method/transplant/transplant.js';
import type { AllowedArea, ImageSource, TransplantPlace, TransplantRequest } from '../../types.js';
import { transplantOnThread } from '../transplants/transplantThread.js';
import type { TransplantTask } from '../transplants/transplantWorker.js';
import type { SamplePixels } from './encodeSample.js';
import type { RawImage } from './inpaintingImage.js';
import { readImage, readMask } from './inpaintingImage.js';
import { transplantArea } from './transplantArea.js';

/** A photograph with the defect that was laid onto it. */
export interface LaidTransplant extends RawImage {
  /** [H·W] of 0 and 1: the mask of the defect, and of the defects that were there. */
  readonly mask: Uint8Array;
  /** [H·W] of 0 and 1: the pixels that may have changed. */
  readonly region: Uint8Array;
  readonly part: Transplant;
  /** The part of the photograph before, [h·w·3]. */
  readonly before: Uint8Array;
  readonly allowedArea: AllowedArea;
}

/** @throws InferenceError when a mask has another size than its image, or when the allowed area leaves the defect no place. */
export async function layTransplant(
  request: TransplantRequest,
  seed: number,
  strength: number,
): Promise<LaidTransplant> {
  const { image, existingMask, allowed } = request;
  const photograph = await readImage(image);
  const { width, height, rgb } = photograph;
  const { area, allowedArea } = await transplantArea(allowed, photograph);
  const part = await transplantOnThread(await taskOf(request, { photograph, seed, strength, area }));
  const mask =
    existingMask === null ? new Uint8Array(width * height) : await readMask(existingMask, 'marked', photograph);
  const before = cutPart(rgb, width, part);
  pastePart(rgb, width, part, part.rgb, 3);
  // At strength 0 there is no defect to mark.
  if (strength > 0) pastePart(mask, width, part, part.mask, 1);
  const region = new Uint8Array(width * height);
  pastePart(region, width, part, part.region, 1);
  return { width, height, rgb, mask, region, part, before, allowedArea };
}

async function taskOf(
  { donor: file, donorMask, patchWindow, resizeDonor, variation, anywhere }: TransplantRequest,
  given: Pick<CutPasteInput, 'photograph' | 'seed' | 'strength' | 'area'>,
): Promise<TransplantTask> {
  const donor = await readImage(file);
  if (donorMask === null) return { patch: { ...given, donor, window: patchWindow ?? Infinity } };
  const defect = await readDefect(donor, donorMask, resizeDonor ? given.photograph : null);
  return { defect: { ...given, ...defect, limits: variation, anywhere } };
}

/** @param photograph the size whose shorter side that of the donor becomes; `null` keeps the donor's size */
async function readDefect(
  donor: RawImage,
  maskFile: ImageSource,
  photograph: Size | null,
): Promise<{ donor: RawImage; donorMask: Uint8Array }> {
  const donorMask = await readMask(maskFile, 'the mask of the defect', donor);
  if (photograph === null) return { donor, donorMask };
  const ratio = Math.min(photograph.width, photograph.height) / Math.min(donor.width, donor.height);
  if (ratio === 1) return { donor, donorMask };
  const [width, height] = [Math.round(donor.width * ratio), Math.round(donor.height * ratio)];
  const resized = (pixels: Uint8Array, channels: 1 | 3, kernel: 'cubic' | 'linear'): Promise<Uint8Array> =>
    sharp(pixels, { raw: { width: donor.width, height: donor.height, channels } })
      .resize(width, height, { fit: 'fill', kernel })
      // Without the color space, a plane would become RGB.
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer();
  const marked = await resized(toMaskBytes(donorMask), 1, 'linear');
  return {
    donor: { width, height, rgb: await resized(donor.rgb, 3, 'cubic') },
    donorMask: marked.map((value) => (value > 127 ? 1 : 0)),
  };
}

/** @param rgb of the finished sample [H·W·3] */
export function transplantPixels(
  { width, height, mask, region, part, before, allowedArea }: LaidTransplant,
  rgb: Uint8Array,
): SamplePixels {
  const marked = cutPart(mask, width, part, 1);
  const after = cutPart(rgb, width, part);
  const changeable = areaFraction(part.region);
  const ignore = new Uint8Array(width * height);
  pastePart(ignore, width, part, changedOutside(marked, before, after), 1);
  return {
    width,
    height,
    rgb,
    mask,
    ignore,
    region,
    twin: null,
    confidence: null,
    scores: {
      ...computeScores(before, after, marked, part.width),
      // The mask lies in the region, so their intersection is the mask.
      filling: changeable === 0 ? null : areaFraction(marked) / changeable,
      direction: null,
    },
    allowedArea,
    transplant: placeOf(part),
  };
}

/** The blended surroundings of the defect. */
function changedOutside(mask: Uint8Array, before: Uint8Array, after: Uint8Array): Uint8Array {
  const change = (i: number): number => Math.abs((after[i] ?? 0) - (before[i] ?? 0));
  return mask.map((value, i) =>
    value === 0 && change(3 * i) + change(3 * i + 1) + change(3 * i + 2) >= 3 * MIN_VISIBLE_CHANGE ? 1 : 0,
  );
}

function placeOf({ variation, place }: Transplant): TransplantPlace {
  const { quarterTurns, turn, mirrored, scale, contrast } = variation;
  // The quarter turns are counterclockwise; a mirror that follows them reverses that.
  const degrees = (turn * 180) / Math.PI + (mirrored ? 90 : -90) * quarterTurns;
  return {
    turn: degrees - 360 * Math.round(degrees / 360),
    mirrored,
    scale,
    contrast,
    surroundingsDifference: Math.sqrt(place.difference),
  };
}

function cutPart(plane: Uint8Array, width: number, part: Transplant, channels = 3): Uint8Array {
  const cut = new Uint8Array(part.width * part.height * channels);
  for (let y = 0; y < part.height; y++) {
    const start = ((part.top + y) * width + part.left) * channels;
    cut.set(plane.subarray(start, start + part.width * channels), y * part.width * channels);
  }
  return cut;
}

/** Pastes into `whole`, in place. A mask keeps what it has. */
function pastePart(whole: Uint8Array, width: number, part: Transplant, pixels: Uint8Array, channels: 1 | 3): void {
  for (let y = 0; y < part.height; y++) {
    const start = ((part.top + y) * width + part.left) * channels;
    for (let i = 0; i < part.width * channels; i++) {
      const value = pixels[y * part.width * channels + i] ?? 0;
      whole[start + i] = channels === 1 ? value | (whole[start + i] ?? 0) : value;
    }
  }
}
