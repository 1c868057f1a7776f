/**
 * A sample from its request to its pixels: one or two drawings at a time that take part in the denoiser's evaluations, and what
 * is done with them when they are finished. From noise: the drawing, and its normal twin beside it. On a photograph: the scout,
 * then the drawing (method/photograph.ts).
 */
import type { Manifest } from '../bundle/manifest.js';
import { InferenceError } from '../errors.js';
import { changeOf, withChange } from '../method/composition.js';
import { guidancePlan } from '../method/guidance.js';
import { binarise } from '../method/mask.js';
import { gaussianNoise } from '../method/noise.js';
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
} from '../method/photograph.js';
import { rgbBytes } from '../method/pixels.js';
import { areaFraction } from '../method/regions.js';
import { samplerFor } from '../method/samplers/index.js';
import { scoresOf } from '../method/scores.js';
import { cropped, resized, resizedRegion } from '../method/window.js';
import type { PhotographRequest, SampleRequest } from '../types.js';
import type { Drawing } from './drawing.js';
import { beginDrawing, decodeDrawing, isFinished, softMaskOf } from './drawing.js';
import type { Model } from './model.js';
import { modelInput, placeOf, readMask, readPhotograph } from './photographs.js';
import type { Pixels } from './pictures.js';

export interface Job {
  readonly request: SampleRequest;
  /** Those that the next evaluation is for; they advance together. */
  drawings: readonly Drawing[];
  /** Steps done before these drawings, of `steps` in all. */
  before: number;
  readonly steps: number;
  /** What to do when all of them are finished: the pixels, or more drawings. */
  proceed: (job: Job) => Promise<Pixels | null>;
}

/** The most rows that a sample puts into one evaluation. */
export function rowsOf(request: SampleRequest, normal: string): number {
  const rows = guidancePlan({ ...request, normal }).rows.length;
  return withTwin(request) ? rows + guidancePlan({ ...request, normal, strength: 0 }).rows.length : rows;
}

function withTwin({ twin, photograph }: SampleRequest): boolean {
  return twin === true && photograph == null;
}

/** @param initialNoise in place of that of the seed, [C,h,w]: to compare with another implementation. */
export async function beginJob(model: Model, request: SampleRequest, initialNoise?: Float32Array): Promise<Job> {
  if (request.photograph != null) return beginOnPhotograph(model, request, request.photograph);
  const drawings = [await beginDrawing(model, request, initialNoise)];
  if (withTwin(request)) drawings.push(await beginDrawing(model, { ...request, strength: 0 }, initialNoise));
  return {
    request,
    drawings,
    before: 0,
    steps: request.steps,
    proceed: ({ drawings: [main, twin] }) => finishFromNoise(model, main, twin),
  };
}

export function stepOf({ drawings, before }: Job): number {
  const [main] = drawings;
  if (main === undefined) return before;
  const first = main.pin === null ? 0 : firstVisited(main.sampler.timesteps, main.pin.freedom);
  return before + main.step - first;
}

export function isDrawn({ drawings }: Job): boolean {
  return drawings.every(isFinished);
}

async function finishFromNoise(model: Model, main: Drawing | undefined, twin: Drawing | undefined): Promise<Pixels> {
  if (main === undefined) throw new InferenceError('a sample without a drawing');
  const { width, height } = model.manifest.image;
  const { image, soft } = await decodeDrawing(model, main);
  const rgb = rgbBytes(image);
  const mask = soft === null ? new Uint8Array(width * height) : binarise(soft, model.manifest.mask.minimumPeak);
  const normal = twin === undefined ? null : rgbBytes(await model.decode(twin.latent));
  const scores = normal === null ? null : { ...scoresOf(normal, rgb, mask, width), filling: null, direction: null };
  return { width, height, rgb, mask, region: null, twin: normal, scores };
}

async function beginOnPhotograph(model: Model, request: SampleRequest, asked: PhotographRequest): Promise<Job> {
  const { manifest } = model;
  const size = squareSize(manifest);
  const photograph = await readPhotograph(asked.picture);
  const place = await placeOf(asked, request, photograph, manifest);
  const { side } = place.window;
  const before = cropped(photograph.rgb, photograph.width, 3, place.window);
  const known = await model.encode(await modelInput(before, side, size));
  const noise = gaussianNoise(request.seed, 0, known.length);
  const grid = manifest.latent;
  const everywhere = new Uint8Array(grid.height * grid.width).fill(1);
  const scout = await beginDrawing(
    model,
    { ...request, strength: SCOUT_STRENGTH, steps: SCOUT_STEPS, sampler: 'DPM_SOLVER_PP' },
    { known, noise, inside: everywhere, freedom: 1 },
  );
  const region = resizedRegion(place.region, side, size);
  const marked = asked.marked === null ? null : await readMask(asked.marked, 'marked', photograph);

  /** Rolls the noise so that what the scout saw comes to lie in the region, and draws there. */
  const draw = async (job: Job): Promise<null> => {
    const soft = await softMaskOf(model, scout);
    const salience = soft === null ? new Float64Array(everywhere.length) : salienceOf(soft, size, grid);
    const cells = cellsOf(region, size, grid);
    const shift = bestShift(salience, cells, grid);
    const inside = place.choose ? chosenCells(rolled(salience, shift, grid), cells, grid) : cells;
    const { freedom } = asked;
    const main = await beginDrawing(model, request, { known, noise: rolled(noise, shift, grid), inside, freedom });
    job.drawings = [main];
    job.before = SCOUT_STEPS;
    job.proceed = () => compose(main, inside);
    return null;
  };

  const compose = async (main: Drawing, inside: Uint8Array): Promise<Pixels> => {
    const free = pixelsOf(inside, size, grid);
    const freeRegion = region.map((value, i) => value & (free[i] ?? 0));
    const { image, soft } = await decodeDrawing(model, main);
    const change =
      soft === null
        ? null
        : changeOf(image, await model.decode(known), soft, freeRegion, size, manifest.mask.minimumPeak);
    const allowed = resizedRegion(free, size, side).map((value, i) => value & (place.region[i] ?? 0));
    const [red, green, blue] = change?.colours ?? [];
    const sized = (plane: Float64Array | undefined): Float64Array =>
      plane === undefined ? new Float64Array(side * side) : resized(plane, size, side);
    const after = withChange(before, {
      colours: [sized(red), sized(green), sized(blue)],
      opacity: sized(change?.opacity).map((value, i) => value * (allowed[i] ?? 0)),
    });
    const mask = Uint8Array.from(sized(change === null ? undefined : Float64Array.from(change.mask)), (value, i) =>
      value >= 0.5 ? (allowed[i] ?? 0) : 0,
    );
    const { width, height } = photograph;
    const paste = (whole: Uint8Array, part: Uint8Array, channels: number): Uint8Array => {
      for (let y = 0; y < side; y++) {
        const row = part.subarray(y * side * channels, (y + 1) * side * channels);
        whole.set(row, ((place.window.top + y) * width + place.window.left) * channels);
      }
      return whole;
    };
    return {
      width,
      height,
      rgb: paste(Uint8Array.from(photograph.rgb), after, 3),
      mask: paste(new Uint8Array(width * height), mask, 1).map((value, i) => value | (marked?.[i] ?? 0)),
      region: paste(new Uint8Array(width * height), allowed, 1),
      twin: null,
      scores: {
        ...scoresOf(before, after, mask, side),
        // The mask lies in the region, so what they share is the mask.
        filling: areaFraction(mask) / areaFraction(allowed),
        direction: directionOf(main, inside),
      },
    };
  };

  const { timesteps } = samplerFor(request.sampler, manifest.schedule, request.steps);
  const steps = SCOUT_STEPS + timesteps.length - firstVisited(timesteps, asked.freedom);
  return { request, drawings: [scout], before: 0, steps, proceed: draw };
}

function squareSize({ image, latent, name }: Manifest): number {
  if (image.width !== image.height || latent.width !== latent.height)
    throw new InferenceError(`${name} draws pictures that are not square; it cannot draw on photographs`);
  return image.width;
}

/** The mean of the defect direction inside the cells over that outside. */
function directionOf({ direction }: Drawing, inside: Uint8Array): number | null {
  if (direction === null) return null;
  const mean = (of: 0 | 1): number => {
    const values = direction.filter((_, cell) => inside[cell] === of);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const ratio = mean(1) / mean(0);
  return Number.isFinite(ratio) ? ratio : null;
}
