/**
 * Inpainting: at every step, the latent outside the region is the image's, noised to the same level (RePaint, Lugmayr et al. 2022, with
 * the sample's initial noise, which a deterministic sampler keeps exactly). Where a defect arises depends on the initial noise. A probe
 * pass of two steps shows where this noise would draw it, and the noise is rolled to bring that place into the region.
 * Reference: training/defectdiffu/sampling/photograph.py.
 *
 * Cells are the positions of the latent [h·w]; 1 is inside.
 */

export const PROBE_STEPS = 2;
/** The strength of the probe pass, whatever the sample's: a sweep over strengths draws its defects in one place. */
export const PROBE_STRENGTH = 2;
/** The least salience of a cell that the model chooses, 0 … 1. */
const MIN_SALIENCE = 0.1;
/** Cells that are added around a region that the model chooses. */
const CHOSEN_REGION_MARGIN = 1;
/** Sums that differ by less are equal: rounding depends on the order of the addends. */
const TOLERANCE = 1e-6;

export interface LatentGrid {
  readonly height: number;
  readonly width: number;
}

/** How many timesteps of a sampler are denoised: those up to `denoisingStrength` (above 0 up to 1) times the noisiest one. */
export function stepsAtStrength(timesteps: readonly number[], denoisingStrength: number): number {
  return timesteps.filter((t) => t <= denoisingStrength * (timesteps[0] ?? 0)).length;
}

/** The index of the first timestep that is denoised. @throws RangeError if none is. */
export function firstStepIndex(timesteps: readonly number[], denoisingStrength: number): number {
  const steps = stepsAtStrength(timesteps, denoisingStrength);
  if (steps === 0)
    throw new RangeError(
      `denoisingStrength ${String(denoisingStrength)} leaves none of ${String(timesteps.length)} steps; raise either`,
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

/** `drawn` where the mask is 1, and `outside` elsewhere; both [C,h,w]. */
export function blendLatents(drawn: Float32Array, outside: Float32Array, mask: Uint8Array): Float32Array<ArrayBuffer> {
  const latent = new Float32Array(drawn.length);
  for (let i = 0; i < latent.length; i++) latent[i] = (mask[i % mask.length] === 1 ? drawn[i] : outside[i]) ?? 0;
  return latent;
}

/** The cells that a region of `size`×`size` pixels overlaps. */
export function toLatentMask(region: Uint8Array, size: number, grid: LatentGrid): Uint8Array<ArrayBuffer> {
  const cells = new Uint8Array(grid.height * grid.width);
  region.forEach((value, i) => {
    if (value !== 0) cells[cellOf(i, size, grid)] = 1;
  });
  return cells;
}

/** The pixels of the cells. */
export function toPixelMask(cells: Uint8Array, size: number, grid: LatentGrid): Uint8Array<ArrayBuffer> {
  return new Uint8Array(size * size).map((_, i) => cells[cellOf(i, size, grid)] ?? 0);
}

/** How strongly a soft mask (−1 … 1) marks each cell, 0 … 1: the mean over its pixels. */
export function salienceOf(softMask: ArrayLike<number>, size: number, grid: LatentGrid): Float64Array<ArrayBuffer> {
  const salience = new Float64Array(grid.height * grid.width);
  const pixels = (size * size) / salience.length;
  for (let i = 0; i < softMask.length; i++) {
    const cell = cellOf(i, size, grid);
    salience[cell] = (salience[cell] ?? 0) + ((softMask[i] ?? 0) + 1) / 2 / pixels;
  }
  return salience;
}

export interface Shift {
  readonly rows: number;
  readonly columns: number;
}

/** The shift that brings the most salience into the cells; of equals, the first, row by row. */
export function bestShift(salience: Float64Array, cells: Uint8Array, grid: LatentGrid): Shift {
  const within = [...cells.keys()].filter((i) => cells[i] === 1);
  let best: Shift = { rows: 0, columns: 0 };
  let most = -1;
  for (let rows = 0; rows < grid.height; rows++) {
    for (let columns = 0; columns < grid.width; columns++) {
      let there = 0;
      for (const i of within) there += salience[sourceOf(i, { rows, columns }, grid)] ?? 0;
      if (there <= most + TOLERANCE) continue;
      most = there;
      best = { rows, columns };
    }
  }
  return best;
}

/** Rolls every channel of [C,h,w], or one plane: values that leave at one border enter at the opposite one. */
export function roll<T extends Float32Array | Float64Array>(values: T, shift: Shift, grid: LatentGrid): T {
  const plane = grid.height * grid.width;
  return values.map((_, i) => {
    const start = i - (i % plane);
    return values[start + sourceOf(i % plane, shift, grid)] ?? 0;
  }) as T;
}

/** The allowed cells where the model would draw the defect, and their neighbors; all allowed cells if it shows no defect. */
export function chooseCells(salience: Float64Array, allowed: Uint8Array, grid: LatentGrid): Uint8Array {
  const shown = salience.map((value, i) => (allowed[i] === 1 ? value : 0));
  const peak = shown.reduce((most, value) => Math.max(most, value), 0);
  if (peak < MIN_SALIENCE) return allowed;
  const core = shown.map((value) => (value >= Math.max(MIN_SALIENCE, peak / 4) ? 1 : 0));
  return allowed.map((value, i) => {
    const [y, x] = [Math.floor(i / grid.width), i % grid.width];
    for (let v = Math.max(0, y - CHOSEN_REGION_MARGIN); v <= Math.min(grid.height - 1, y + CHOSEN_REGION_MARGIN); v++)
      for (let u = Math.max(0, x - CHOSEN_REGION_MARGIN); u <= Math.min(grid.width - 1, x + CHOSEN_REGION_MARGIN); u++)
        if (core[v * grid.width + u] === 1) return value;
    return 0;
  });
}

/** The cell that a cell's value comes from when the plane is rolled. */
function sourceOf(cell: number, { rows, columns }: Shift, { height, width }: LatentGrid): number {
  const [y, x] = [Math.floor(cell / width), cell % width];
  return ((y - rows + height) % height) * width + ((x - columns + width) % width);
}

function cellOf(pixel: number, size: number, { height, width }: LatentGrid): number {
  const [y, x] = [Math.floor(pixel / size), pixel % size];
  return Math.floor((y * height) / size) * width + Math.floor((x * width) / size);
}
