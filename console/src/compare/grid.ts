/** The requests of a grid: one for each model, with a sweep over the strengths and one seed for each row. */
import type { GenerateDefectsInput, SamplePartsFragment } from '../generated/graphql.ts';

export interface GridChoices {
  readonly partNumber: string;
  readonly defectCode: string;
  readonly models: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly columns: number;
  readonly rows: number;
  readonly seed: number;
}

/** From the first to the last, each once: close together, there are fewer than `columns`. */
export function strengthsOf({ from, to, columns }: Pick<GridChoices, 'from' | 'to' | 'columns'>): number[] {
  const all = Array.from({ length: columns }, (_, column) => {
    const share = columns === 1 ? 0 : column / (columns - 1);
    return Math.round((from + share * (to - from)) * 100) / 100;
  });
  return [...new Set(all)];
}

export function gridInputs(choices: GridChoices): GenerateDefectsInput[] {
  const { partNumber, defectCode, models, rows, seed } = choices;
  return models.map((model) => ({
    partNumber,
    defectCode,
    model,
    seed,
    count: rows,
    strength: { sweep: strengthsOf(choices) },
  }));
}

/** Row after row: the samples of a sweep come in this order, whichever is ready first. */
export function cell(samples: readonly SamplePartsFragment[], index: number): SamplePartsFragment | undefined {
  return samples.find((sample) => sample.index === index);
}
