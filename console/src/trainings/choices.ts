/** The fields of a training, and the request that they stand for. What is empty is left to the service. */
import type {
  StartTrainingInput,
  TrainingChoicesQuery,
  TrainingKind,
  TrainingWindowInput,
  WindowFlips,
} from '../generated/graphql.ts';

export type TrainingRules = Pick<TrainingChoicesQuery['serverInfo'], 'trainingDefaults' | 'trainingRanges'>;
type Defaults = TrainingRules['trainingDefaults'];

export const KINDS: readonly TrainingKind[] = ['ADAPTER', 'FINE_TUNE', 'FROM_SCRATCH'];
export const FLIPS: readonly WindowFlips[] = ['BOTH', 'LEFT_RIGHT', 'UP_DOWN', 'NONE'];

/** How windows are cut from the photographs of a product. */
export interface WindowChoices {
  readonly partNumber: string;
  readonly window?: number | undefined;
  readonly flips: WindowFlips | '';
  readonly quarterTurns: boolean;
  readonly zoom?: number | undefined;
}

export interface TrainingChoices {
  readonly name: string;
  readonly version: string;
  readonly kind: TrainingKind;
  readonly base: string;
  readonly minutes: number;
  readonly windows: readonly WindowChoices[];
  readonly rank?: number | undefined;
  readonly seed?: number | undefined;
  readonly priority?: number | undefined;
  readonly measureDetectors: boolean;
  readonly license: string;
  readonly terms: string;
  readonly description: string;
}

export function firstChoices(partNumber: string, defaults: Defaults): TrainingChoices {
  const { kind, minutes, measureDetectors } = defaults;
  return {
    ...{ name: '', version: '1.0.0', kind, base: '', minutes, measureDetectors },
    ...{ windows: [firstWindow(partNumber, defaults)], license: '', terms: '', description: '' },
  };
}

export function firstWindow(partNumber: string, { quarterTurns }: Defaults): WindowChoices {
  return { partNumber, flips: '', quarterTurns };
}

export function inputOf(dataSetId: string, choices: TrainingChoices, defaults: Defaults): StartTrainingInput {
  const { name, version, kind, minutes, base, rank, seed, priority, license, terms, description } = choices;
  const { measureDetectors } = choices;
  const windows = choices.windows
    .map((one) => windowOf(one, defaults))
    .filter((window) => Object.keys(window).length > 1);
  return {
    ...{ dataSetId, name, version, kind, minutes, measureDetectors },
    ...(base !== '' && { base }),
    ...(windows.length > 0 && { windows }),
    ...(kind === 'ADAPTER' && rank !== undefined && { rank }),
    ...(seed !== undefined && { seed }),
    ...(priority !== undefined && { priority }),
    ...(license !== '' && { license }),
    ...(terms !== '' && { terms }),
    ...(description !== '' && { description }),
  };
}

function windowOf(choices: WindowChoices, defaults: Defaults): TrainingWindowInput {
  const { partNumber, window, flips, quarterTurns, zoom } = choices;
  return {
    partNumber,
    ...(window !== undefined && { window }),
    ...(flips !== '' && { flips }),
    ...(quarterTurns !== defaults.quarterTurns && { quarterTurns }),
    ...(zoom !== undefined && { zoom }),
  };
}
