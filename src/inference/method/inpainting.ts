/**
 * Drawing on a photograph: outside the region, the latent of every step is the photograph's, noised to the same level
 * (RePaint, Lugmayr et al. 2022, with the noise that the sample began with, which a deterministic sampler keeps exactly).
 * Where a defect arises depends on the initial noise, so a scout of two steps looks where this noise would draw it, and the
 * noise is rolled to bring that place into the region. Reference: training/defectdiffu/sampling/photograph.py.
 *
 * Cells are the latent's positions [h·w]; 1 is inside.
 */

export const PROBE_STEPS = 2;
/** Of the scout alone, so that a sweep over strengths draws its defects in one place. */
export const PROBE_STRENGTH = 2;
/** Of a cell that the model itself would choose, of 0 … 1. */
const LEAST_SALIENCE = 0.1;
/** Cells that are added round a region that the model chose. */
const OWN_REGION_MARGIN = 1;
/** What a sum must be larger by to be larger than another: the rounding of two ways to add the same numbers. */
const ROUNDING = 1e-6;

export interface LatentGrid {
  readonly height: number;
  readonly width: number;
}

/** How many of a sampler's timesteps lie within the freedom, a share (above 0, to 1) of the noisiest one. */
export function stepsAtStrength(timesteps: readonly number[], denoisingStrength: number): number {
  return timesteps.filter((t) => t <= denoisingStrength * (timesteps[0] ?? 0)).length;
}

/** The index of the first timestep that lies within the freedom. @throws RangeError where none does. */
export function firstStepIndex(timesteps: readonly number[], denoisingStrength: number): number {
  const steps = stepsAtStrength(timesteps, denoisingStrength);
  if (steps === 0)
    throw new RangeError(
      `freedom ${String(denoisingStrength)} leaves none of ${String(timesteps.length)} steps; raise either`,
    );
  return timesteps.length - steps;
}

/** √ᾱ·x_0 + √(1−ᾱ)·ε */
export function addNoise(clean: Float32Array, noise: Float32Array, alphaBar: number): Float32Array<ArrayBuffer> {
  const [signal, amount] = [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)];
  const mixed = new Float32Array(clean.length);
  for (let i = 0; i < mixed.length; i++) mixed[i] = signal * (clean[i] ?? 0) + amount * (noise[i] ?? 0);
  return mixed;
}

/** `inside` of the one where the cell is inside, of the other where it is not; both [C,h,w]. */
export function blendLatents(drawn: Float32Array, outside: Float32Array, mask: Uint8Array): Float32Array<ArrayBuffer> {
  const latent = new Float32Array(drawn.length);
  for (let i = 0; i < latent.length; i++) latent[i] = (mask[i % mask.length] === 1 ? drawn[i] : outside[i]) ?? 0;
  return latent;
}

/** The cells that a region of `size`×`size` pixels touches. */
export function toLatentMask(region: Uint8Array, size: number, grid: LatentGrid): Uint8Array<ArrayBuffer> {
  const cells = new Uint8Array(grid.height * grid.width);
  region.forEach((value, i) => {
    if (value !== 0) cells[cellOf(i, size, grid)] = 1;
  });
  return cells;
}

/** Every pixel of the cells. */
export function toPixelMask(cells: Uint8Array, size: number, grid: LatentGrid): Uint8Array<ArrayBuffer> {
  return new Uint8Array(size * size).map((_, i) => cells[cellOf(i, size, grid)] ?? 0);
}

/** How strongly a soft mask (grey, −1 … 1) marks each cell, 0 … 1: the mean over its pixels. */
export function salienceOf(grey: ArrayLike<number>, size: number, grid: LatentGrid): Float64Array<ArrayBuffer> {
  const salience = new Float64Array(grid.height * grid.width);
  const pixels = (size * size) / salience.length;
  for (let i = 0; i < grey.length; i++) {
    const cell = cellOf(i, size, grid);
    salience[cell] = (salience[cell] ?? 0) + ((grey[i] ?? 0) + 1) / 2 / pixels;
  }
  return salience;
}

export interface Shift {
  readonly rows: number;
  readonly columns: number;
}

/** The roll that brings most salience into the cells; the first of equals, row by row. */
export function bestShift(salience: Float64Array, cells: Uint8Array, grid: LatentGrid): Shift {
  const within = [...cells.keys()].filter((i) => cells[i] === 1);
  let best: Shift = { rows: 0, columns: 0 };
  let most = -1;
  for (let rows = 0; rows < grid.height; rows++) {
    for (let columns = 0; columns < grid.width; columns++) {
      let there = 0;
      for (const i of within) there += salience[sourceOf(i, { rows, columns }, grid)] ?? 0;
      if (there <= most + ROUNDING) continue;
      most = there;
      best = { rows, columns };
    }
  }
  return best;
}

/** Every channel of [C,h,w] (or one plane) rolled: what leaves at one border comes in at the other. */
export function roll<T extends Float32Array | Float64Array>(values: T, shift: Shift, grid: LatentGrid): T {
  const plane = grid.height * grid.width;
  return values.map((_, i) => {
    const start = i - (i % plane);
    return values[start + sourceOf(i % plane, shift, grid)] ?? 0;
  }) as T;
}

/** The allowed cells where the model would draw the defect, and those about them; all allowed where it shows none. */
export function chooseCells(salience: Float64Array, allowed: Uint8Array, grid: LatentGrid): Uint8Array {
  const shown = salience.map((value, i) => (allowed[i] === 1 ? value : 0));
  const peak = shown.reduce((most, value) => Math.max(most, value), 0);
  if (peak < LEAST_SALIENCE) return allowed;
  const core = shown.map((value) => (value >= Math.max(LEAST_SALIENCE, peak / 4) ? 1 : 0));
  return allowed.map((value, i) => {
    const [y, x] = [Math.floor(i / grid.width), i % grid.width];
    for (let v = Math.max(0, y - OWN_REGION_MARGIN); v <= Math.min(grid.height - 1, y + OWN_REGION_MARGIN); v++)
      for (let u = Math.max(0, x - OWN_REGION_MARGIN); u <= Math.min(grid.width - 1, x + OWN_REGION_MARGIN); u++)
        if (core[v * grid.width + u] === 1) return value;
    return 0;
  });
}

/** Where a cell's value comes from when the plane is rolled. */
function sourceOf(cell: number, { rows, columns }: Shift, { height, width }: LatentGrid): number {
  const [y, x] = [Math.floor(cell / width), cell % width];
  return ((y - rows + height) % height) * width + ((x - columns + width) % width);
}

function cellOf(pixel: number, size: number, { height, width }: LatentGrid): number {
  const [y, x] = [Math.floor(pixel / size), pixel % size];
  return Math.floor((y * height) / size) * width + Math.floor((x * width) / size);
}
