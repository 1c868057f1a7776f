/** A sample from its request to its pixels: the drawings that take part in the denoiser's evaluations, and what comes of them. */
import { firstVisited } from '../../method/photograph.js';
import type { SampleRequest } from '../../types.js';
import type { Drawing } from './drawing.js';
import { isFinished } from './drawing.js';
import type { Pixels } from './pictures.js';

export interface Job {
  readonly request: SampleRequest;
  /** Those that the next evaluation is for; they advance together. */
  drawings: readonly Drawing[];
  /** Steps done before these drawings, of `steps` in all. */
  before: number;
  readonly steps: number;
  /** Of memory, until it is done. */
  readonly bytes: number;
  /** … and what `proceed`, and storing what it gives, takes beside that. */
  endBytes: number;
  /** What to do when all of them are finished: the pixels, or more drawings. */
  proceed: (job: Job) => Promise<Pixels | null>;
}

export function stepOf({ drawings, before }: Job): number {
  const [main] = drawings;
  if (main === undefined) return before;
  const first = main.pin === null ? 0 : firstVisited(main.sampler.timesteps, main.pin.freedom);
  return before + main.step - first;
}

/** Rows of the next evaluation. */
export function rowsOfJob({ drawings }: Job): number {
  return drawings.reduce((rows, { plan }) => rows + plan.rows.length, 0);
}

export function isDrawn({ drawings }: Job): boolean {
  return drawings.every(isFinished);
}
