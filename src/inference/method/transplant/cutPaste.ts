/**
 * CutPaste (Li et al., CVPR 2021): a patch of a photograph of a good part, pasted onto another. No real defect is needed: a detector
 * learns what does not belong there. As training/defectdiffu/transplant/cut_paste.py, with random numbers of its own.
 */
import { gaussianBlur } from '../filters.js';
import { uniforms } from '../noise.js';
import { roundHalfToEven } from '../rounding.js';
import type { BlendedPart } from './blend.js';
import type { Donor } from './donor.js';
import { RING } from './donor.js';
import type { Rgb } from './image.js';
import { valueAt, viewOf } from './image.js';
import type { Area, Place } from './place.js';
import { anyPlace } from './place.js';
import type { Transplant } from './transplant.js';

const CUT_PASTE_STREAM = 6100;
/** Of the window: how much of it the patch covers. */
const SHARE = { min: 0.01, max: 0.1 };
/** The greatest logarithm of height / width. */
const LOG_RATIO = 1.2;
/** Brightness and contrast change by up to this share. */
const JITTER = 0.15;
const MIDDLE_GREY = 127;
/** Pixels. */
const SHORTEST = 3;
/** Pixels (standard deviation) over which the border is softened, inside the patch. */
const FEATHER = 1;

export interface CutPasteInput {
  /** Of a good part. */
  readonly photograph: Rgb;
  /** Of a good part, too: where the patch is cut out. */
  readonly donor: Rgb;
  readonly seed: number;
  /** 0 or more: the opacity of the patch up to 1. Above, its difference from what was there is exaggerated. */
  readonly strength: number;
  /** The side, in pixels, of the square of which the patch covers 1 … 10 %. It is no longer than either photograph. */
  readonly window: number;
  /** `null` allows all of the photograph. */
  readonly area: Area | null;
}

interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What the seed decides, each in (0, 1). */
interface Choices {
  readonly share: number;
  readonly ratio: number;
  readonly window: readonly [x: number, y: number];
  readonly patch: readonly [x: number, y: number];
  readonly contrast: number;
  readonly brightness: number;
  readonly place: number;
}

/** @throws RangeError when the patch has no place. */
export function cutPaste({ photograph, donor, seed, strength, window, area }: CutPasteInput): Transplant {
  const choices = choicesOf(seed);
  const side = Math.min(window, photograph.width, photograph.height, donor.width, donor.height);
  const cutFrom = squareIn(donor, side, choices.window);
  const patch = patchIn(cutFrom, choices);
  const framed = withSurroundings(donor, patch);
  const place = anyPlace(photograph, framed, area, choices.place);
  if (place === null) throw new RangeError('allowedArea leaves the patch no place');
  const mean = meanOf(donor, cutFrom);
  const contrast = 1 + JITTER * (2 * choices.contrast - 1);
  const brightness = MIDDLE_GREY * JITTER * (2 * choices.brightness - 1);
  const jittered = (value: number): number => clipped(roundHalfToEven((value - mean) * contrast + mean + brightness));
  const still = { quarterTurns: 0, mirrored: false, turn: 0, scale: 1, bend: [0, 0], phase: [0, 0] } as const;
  return { ...pasted(photograph, framed, place, patch, strength, jittered), place, variation: { ...still, contrast } };
}

function choicesOf(seed: number): Choices {
  const u = uniforms(seed, CUT_PASTE_STREAM, 9);
  const at = (i: number): number => u[i] ?? 0;
  return {
    share: at(0),
    ratio: at(1),
    window: [at(2), at(3)],
    patch: [at(4), at(5)],
    contrast: at(6),
    brightness: at(7),
    place: at(8),
  };
}

function squareIn({ width, height }: Rgb, side: number, [x, y]: Choices['window']): Rectangle {
  const at = (choice: number, length: number): number => Math.floor(choice * (length - side + 1));
  return { left: at(x, width), top: at(y, height), width: side, height: side };
}

function patchIn({ left, top, width: side }: Rectangle, { share, ratio, patch: [x, y] }: Choices): Rectangle {
  const pixels = (SHARE.min + (SHARE.max - SHARE.min) * share) * side ** 2;
  const heightToWidth = Math.exp(LOG_RATIO * (2 * ratio - 1));
  const length = (square: number): number => Math.max(SHORTEST, Math.min(side - 1, Math.floor(Math.sqrt(square))));
  const [height, width] = [length(pixels * heightToWidth), length(pixels / heightToWidth)];
  const at = (choice: number, taken: number): number => Math.floor(choice * (side - taken));
  return { left: left + at(x, width), top: top + at(y, height), width, height };
}

/** On a canvas with the surroundings that a place is compared by. */
function withSurroundings(donor: Rgb, patch: Rectangle): Donor {
  const [width, height] = [patch.width + 2 * RING, patch.height + 2 * RING];
  const mask = new Uint8Array(width * height);
  for (let y = 0; y < patch.height; y++) {
    const start = (y + RING) * width + RING;
    mask.fill(1, start, start + patch.width);
  }
  const views = [0, 1, 2].map((channel) => viewOf(donor.rgb, donor.width, donor.height, 3, channel));
  const inside = (length: number) => ({ low: 0, high: length - 1, reachesLow: false, reachesHigh: false });
  return {
    width,
    height,
    mask,
    rows: inside(height),
    columns: inside(width),
    color(x, y, channel) {
      const view = views[channel];
      return view === undefined ? 0 : valueAt(view, patch.top + y - RING, patch.left + x - RING);
    },
  };
}

function pasted(
  photograph: Rgb,
  framed: Donor,
  place: Place,
  { width, height }: Rectangle,
  strength: number,
  jittered: (value: number) => number,
): BlendedPart {
  const [left, top] = [place.left + RING, place.top + RING];
  const opacity = softened(framed);
  const rgb = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const alpha = strength * (opacity[(y + RING) * framed.width + x + RING] ?? 0);
      for (let channel = 0; channel < 3; channel++) {
        const before = photograph.rgb[3 * ((top + y) * photograph.width + left + x) + channel] ?? 0;
        const color = jittered(framed.color(x + RING, y + RING, channel));
        rgb[3 * (y * width + x) + channel] = clipped(roundHalfToEven(before + alpha * (color - before)));
      }
    }
  const all = new Uint8Array(width * height).fill(1);
  return { left, top, width, height, rgb, mask: all, region: all };
}

/** [H·W] of the canvas: 1 in the middle of the patch, less towards its border, and 0 outside. */
function softened({ mask, width }: Donor): Float64Array {
  const core = Float64Array.from(mask, (value, i) =>
    value === 1 && [i - 1, i + 1, i - width, i + width].every((near) => mask[near] === 1) ? 1 : 0,
  );
  const soft = gaussianBlur(core, width, FEATHER).map((value, i) => (mask[i] === 1 ? value : 0));
  const most = soft.reduce((greatest, value) => Math.max(greatest, value), 0);
  return soft.map((value) => value / most);
}

/** Over all channels. */
function meanOf({ width: stride, rgb }: Rgb, { left, top, width, height }: Rectangle): number {
  let sum = 0;
  for (let y = top; y < top + height; y++)
    for (let i = 3 * (y * stride + left); i < 3 * (y * stride + left + width); i++) sum += rgb[i] ?? 0;
  return sum / (3 * width * height);
}

const clipped = (value: number): number => Math.min(255, Math.max(0, value));
