/** The losses of a training, phase by phase, as its curve shows them. */

interface Progress {
  readonly phase: string;
  /** Steps of this phase. */
  readonly done: number;
  readonly figures: readonly { readonly name: string; readonly value: number }[];
}

export interface Losses {
  readonly phase: string;
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/** Of the figures of a training, the sum of the others. */
const LOSS = 'total';
/** The weight of all former values in the smoothed one. */
const MEMORY = 0.8;

/** A phase that was continued from a checkpoint has its later steps anew. A loss that is no positive number is left out. */
export function withLoss(former: readonly Losses[], { phase, done: step, figures }: Progress): readonly Losses[] {
  const value = figures.find(({ name }) => name === LOSS)?.value;
  if (value === undefined || value <= 0) return former;
  const last = former.at(-1);
  const same = last?.phase === phase ? last : { phase, steps: [], values: [] };
  const kept = same.steps.filter((one) => one < step).length;
  const next = {
    phase,
    steps: [...same.steps.slice(0, kept), step],
    values: [...same.values.slice(0, kept), value],
  };
  return [...(same === last ? former.slice(0, -1) : former), next];
}

/** The exponential average, which begins with the mean of what there is so far rather than with the first value. */
export function smoothed(values: readonly number[]): number[] {
  let sum = 0;
  let weight = 0;
  return values.map((value) => {
    sum = MEMORY * sum + value;
    weight = MEMORY * weight + 1;
    return sum / weight;
  });
}
