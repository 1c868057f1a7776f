/** A sample on its way from the request to its pixels: the denoising states of the current phase, and how the phase ends. */
import { firstStepIndex } from '../../method/inpainting.js';
import type { SampleRequest } from '../../types.js';
import type { DenoisingState } from './denoisingState.js';
import { isFinished } from './denoisingState.js';
import type { SamplePixels } from './encodeSample.js';

export interface Job {
  readonly request: SampleRequest;
  /** The states that the next evaluation advances. They advance together. */
  states: readonly DenoisingState[];
  /** The steps of earlier phases, out of `totalSteps`. */
  completedSteps: number;
  readonly totalSteps: number;
  /** Memory until the sample is finished. */
  readonly memoryBytes: number;
  /** Additional memory while the phase ends, including the encoding of the result. */
  finishBytes: number;
  /** Called when all states are finished. Returns the pixels of the sample, or null if the job has new states for another phase. */
  finishPhase: (job: Job) => Promise<SamplePixels | null>;
}

export function currentStep({ states, completedSteps }: Job): number {
  const [main] = states;
  if (main === undefined) return completedSteps;
  const { constraint, sampler, step } = main;
  const first = constraint === null ? 0 : firstStepIndex(sampler.timesteps, constraint.denoisingStrength);
  return completedSteps + step - first;
}

/** Rows of the next evaluation. */
export function rowsOfJob({ states }: Job): number {
  return states.reduce((rows, { plan }) => rows + plan.rows.length, 0);
}

export function isDenoised({ states }: Job): boolean {
  return states.every(isFinished);
}
