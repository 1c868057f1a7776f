/** A sample from its request to its pixels: the drawings that take part in the denoiser's evaluations, and what comes of them. */
import { firstStepIndex } from '../../method/inpainting.js';
import type { SampleRequest } from '../../types.js';
import type { DenoisingState } from './denoisingState.js';
import { isFinished } from './denoisingState.js';
import type { SamplePixels } from './encodeSample.js';

export interface Job {
  readonly request: SampleRequest;
  /** Those that the next evaluation is for; they advance together. */
  states: readonly DenoisingState[];
  /** Steps done before these drawings, of `steps` in all. */
  completedSteps: number;
  readonly totalSteps: number;
  /** Of memory, until it is done. */
  readonly memoryBytes: number;
  /** … and what `proceed`, and storing what it gives, takes beside that. */
  finishBytes: number;
  /** What to do when all of them are finished: the pixels, or more drawings. */
  finishPhase: (job: Job) => Promise<SamplePixels | null>;
}

export function currentStep({ states, completedSteps }: Job): number {
  const [main] = states;
  if (main === undefined) return completedSteps;
  const first =
    main.constraint === null ? 0 : firstStepIndex(main.sampler.timesteps, main.constraint.denoisingStrength);
  return completedSteps + main.step - first;
}

/** Rows of the next evaluation. */
export function rowsOfJob({ states }: Job): number {
  return states.reduce((rows, { plan }) => rows + plan.rows.length, 0);
}

export function isDenoised({ states }: Job): boolean {
  return states.every(isFinished);
}
