/**
 * A sample on a photograph: a scout looks where the defect would arise, the drawing puts it into the region, and what it changed
 * is composed into the photograph (method/photograph.ts, method/composition.ts).
 *
 * Between the beginning and the end only the window is kept: a photograph of 40 megapixels takes 120 MB, and many may be in work.
 */
import type { Manifest } from '../../bundle/manifest.js';
import { InferenceError } from '../../errors.js';
import { changeOf, withChange } from '../../method/composition.js';
import { confidenceOf } from '../../method/mask.js';
import { gaussianNoise } from '../../method/noise.js';
import {
  SCOUT_STEPS,
  SCOUT_STRENGTH,
  bestShift,
  cellsOf,
  chosenCells,
  firstVisited,
  pixelsOf,
  rolled,
  salienceOf,
} from '../../method/photograph.js';
import { areaFraction } from '../../method/regions.js';
import { timestepsFor } from '../../method/samplers/index.js';
import { scoresOf } from '../../method/scores.js';
import { resizedRegion } from '../../method/window.js';
import { atFullSize } from '../../method/fullSize.js';
import type { PhotographRequest, PictureFile, SampleRequest } from '../../types.js';
import type { Drawing } from './drawing.js';
import { beginDrawing, decodeDrawing, decodeOne, softMaskOf } from './drawing.js';
import type { Job } from './job.js';
import type { Model } from '../model/model.js';
import { bytesOf, endBytesOf, endBytesOnPhotograph } from './needs.js';
import type { Place } from './photographs.js';
import { atModelSize, pasted, placeOf, readMask, readPhotograph, readWindow, signed, sizeOf } from './photographs.js';
import type { Pixels } from './pictures.js';

export interface OnPhotograph extends PhotographRequest {
  readonly picture: PictureFile;
}

/** A photograph that is none, but was drawn for the sample: its pixels [H·W·3], and in how many steps. */
interface Twin {
  readonly rgb: Uint8Array;
  readonly steps: number;
}

/** What stays the same from the scout to the finished picture. */
interface Ground {
  readonly asked: OnPhotograph;
  readonly twin: Twin | null;
  readonly place: Place;
  /** The window's pixels [side·side·3]. */
  readonly before: Uint8Array;
  /** The same at the model's size [S·S·3]. */
  readonly input: Uint8Array;
  /** Its latent [C,h,w]. */
  readonly known: Float32Array;
  /** The region at the model's size [S·S]. */
  readonly region: Uint8Array;
}

/** @param twin where what is drawn on is the sample's own normal twin. */
export async function beginOnPhotograph(
  model: Model,
  request: SampleRequest,
  asked: OnPhotograph,
  twin: Twin | null = null,
): Promise<Job> {
  const { manifest } = model;
  const size = squareSize(manifest);
  const photograph = await sizeOf(asked.picture);
  // A twin is of the model's size and scale already.
  const usualSide = twin === null ? manifest.placement?.windows[request.product] : size;
  const place = await placeOf(asked, request, photograph, manifest, usualSide ?? size);
  const { side } = place.window;
  const before = await readWindow(asked.picture, place.window);
  const input = await atModelSize(before, side, size);
  const known = await model.encode(signed(input));
  const ground = { asked, twin, place, before, input, known, region: resizedRegion(place.region, side, size) };
  const noise = gaussianNoise(request.seed, 0, known.length);
  const everywhere = new Uint8Array(manifest.latent.height * manifest.latent.width).fill(1);
  const scout = beginDrawing(
    model,
    { ...request, strength: SCOUT_STRENGTH, steps: SCOUT_STEPS, sampler: 'DPM_SOLVER_PP' },
    { known, noise, inside: everywhere, freedom: 1 },
  );
  // At its strength the rows with and without the defect are both evaluated.
  scout.direction = new Float64Array(everywhere.length);
  const timesteps = timestepsFor(request.sampler, manifest.schedule, request.steps);
  const done = twin?.steps ?? 0;
  const steps = done + SCOUT_STEPS + timesteps.length - firstVisited(timesteps, asked.freedom);
  return {
    request,
    drawings: [scout],
    before: done,
    steps,
    bytes: bytesOf(request, manifest, side),
    endBytes: endBytesOf(request, manifest),
    async proceed(job) {
      const start = await placed(model, request, ground, scout, noise);
      job.drawings = [start.main];
      job.before = done + SCOUT_STEPS;
      job.endBytes = endBytesOnPhotograph(photograph, side, size);
      job.proceed = () => composed(model, ground, start);
      return null;
    },
  };
}

/** @throws InferenceError where the bundle draws pictures that are not square. */
export function squareSize({ image, latent, name }: Manifest): number {
  if (image.width !== image.height || latent.width !== latent.height)
    throw new InferenceError(`${name} draws pictures that are not square; it cannot draw on photographs`);
  return image.width;
}

interface Placed {
  readonly main: Drawing;
  /** The cells that are drawn. */
  readonly inside: Uint8Array;
  /** How strongly the scout was pushed towards the defect where it is drawn now, over elsewhere. */
  readonly direction: number | null;
}

/** Rolls the noise so that what the scout saw comes to lie in the region, and begins to draw there. */
async function placed(
  model: Model,
  request: SampleRequest,
  { asked, place, known, region }: Ground,
  scout: Drawing,
  noise: Float32Array,
): Promise<Placed> {
  const { image, latent: grid } = model.manifest;
  const soft = await softMaskOf(model, scout);
  const salience = soft === null ? new Float64Array(grid.height * grid.width) : salienceOf(soft, image.width, grid);
  const cells = cellsOf(region, image.width, grid);
  const shift = bestShift(salience, cells, grid);
  const inside = place.choose ? chosenCells(rolled(salience, shift, grid), cells, grid) : cells;
  const start = { known, noise: rolled(noise, shift, grid), inside, freedom: asked.freedom };
  const direction = scout.direction === null ? null : ratioOf(rolled(scout.direction, shift, grid), inside);
  return { main: beginDrawing(model, request, start), inside, direction };
}

async function composed(model: Model, ground: Ground, { main, inside, direction }: Placed): Promise<Pixels> {
  const { image, latent: grid, mask: rules } = model.manifest;
  const { asked, twin, place, before, input, known, region } = ground;
  const [size, side] = [image.width, place.window.side];
  const free = pixelsOf(inside, size, grid);
  const [drawn, kept] = await Promise.all([
    decodeDrawing(model, main),
    main.plan.maskRow === null ? null : decodeOne(model, known),
  ]);
  const change =
    drawn.soft === null || kept === null
      ? null
      : changeOf(
          drawn.image,
          kept,
          drawn.soft,
          region.map((value, i) => value & (free[i] ?? 0)),
          size,
          rules.minimumPeak,
        );
  const allowed = resizedRegion(free, size, side).map((value, i) => value & (place.region[i] ?? 0));
  const { after, mask } = atFullSize(before, change, allowed, size, side);
  const photograph = await readPhotograph(asked.picture);
  const { width, height } = photograph;
  const marked =
    asked.marked === null ? new Uint8Array(width * height) : await readMask(asked.marked, 'marked', photograph);
  return {
    width,
    height,
    rgb: pasted(photograph.rgb, width, after, place.window, 3),
    mask: pasted(marked, width, mask, place.window, 1, (there, here) => there | here),
    region: pasted(new Uint8Array(width * height), width, allowed, place.window, 1),
    twin: twin?.rgb ?? null,
    confidence: drawn.soft === null || change === null ? 0 : confidenceOf(drawn.soft, change.mask),
    scores: {
      // At the model's size: a window may be of any.
      ...scoresOf(
        input,
        change === null ? input : withChange(input, change),
        change?.mask ?? new Uint8Array(size * size),
        size,
      ),
      // The mask lies in the region, so what they share is the mask.
      filling: areaFraction(mask) / areaFraction(allowed),
      direction,
    },
  };
}

/** The mean of the values of the cells inside over that of those outside; `null` where there are none. */
function ratioOf(values: Float64Array, inside: Uint8Array): number | null {
  const mean = (of: 0 | 1): number => {
    const some = values.filter((_, cell) => inside[cell] === of);
    return some.reduce((sum, value) => sum + value, 0) / some.length;
  };
  const ratio = mean(1) / mean(0);
  return Number.isFinite(ratio) ? ratio : null;
}
