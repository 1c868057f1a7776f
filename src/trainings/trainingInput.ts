/** Turns a caller's input into complete settings of a training: checks every option and fills in every default. */
import { requireCode } from '../catalog/codes.js';
import { badInput, quote } from '../errors.js';
import type { Limits } from '../config.js';
import type { Optional } from '../range.js';
import { requireInRange, requireLength } from '../range.js';
import { requireEachOnce } from '../requireEachOnce.js';
import type { TrainingRow } from '../storage/tables.js';
import type { TrainingSettings, TrainingWindow } from '../storage/trainingJsonColumns.js';
import { optionalText, requireText } from '../validateText.js';
import { TRAINING_RANGES, trainingDefaults, trainingRanges } from './trainingDefaults.js';

export interface TrainingWindowInput {
  readonly partNumber: string;
  readonly window?: Optional<number>;
  readonly flips?: Optional<TrainingWindow['flips']>;
  readonly quarterTurns?: Optional<boolean>;
  readonly zoom?: Optional<number>;
}

export interface TrainingInput {
  readonly dataSetId: string;
  readonly kind?: Optional<TrainingRow['kind']>;
  readonly base?: Optional<string>;
  readonly name: string;
  readonly version: string;
  readonly minutes?: Optional<number>;
  readonly windows?: Optional<readonly TrainingWindowInput[]>;
  readonly description?: Optional<string>;
  readonly license?: Optional<string>;
  readonly terms?: Optional<string>;
  readonly seed?: Optional<number>;
  readonly rank?: Optional<number>;
  readonly measureDetectors?: Optional<boolean>;
  readonly priority?: Optional<number>;
  readonly idempotencyKey?: Optional<string>;
}

/** Of one training: each is of another product. */
export const MAX_WINDOWS = 100;
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const VERSION = /^[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}$/;

/** Without the words of products, which the data set has. */
export type ResolvedSettings = Omit<TrainingSettings, 'windows'> & {
  readonly windows: readonly Omit<TrainingWindow, 'product'>[];
};

export interface ResolvedTraining {
  readonly kind: TrainingRow['kind'];
  readonly name: string;
  readonly version: string;
  readonly minutes: number;
  readonly priority: number;
  readonly settings: ResolvedSettings;
}

export function resolveTraining(input: TrainingInput, field: string, limits: Limits): ResolvedTraining {
  if (!NAME.test(input.name))
    throw badInput(`${field}.name`, `${quote(input.name)} must have 1 to 64 of a-z, 0-9, ".", "_", "-", as my-parts`);
  if (!VERSION.test(input.version))
    throw badInput(`${field}.version`, `${quote(input.version)} must be three numbers, such as 1.0.0`);
  const defaults = trainingDefaults(limits);
  const ranges = trainingRanges(limits);
  const kind = input.kind ?? defaults.kind;
  return {
    kind,
    name: input.name,
    version: input.version,
    minutes: requireInRange(input.minutes ?? defaults.minutes, ranges.minutes, `${field}.minutes`),
    priority: requireInRange(input.priority ?? defaults.priority, ranges.priority, `${field}.priority`),
    settings: {
      windows: resolveWindows(input.windows ?? [], `${field}.windows`),
      description: optionalText(input.description, `${field}.description`) ?? '',
      license: optionalText(input.license, `${field}.license`) ?? defaults.license,
      terms: optionalText(input.terms, `${field}.terms`) ?? defaults.terms,
      seed: input.seed == null ? null : requireInRange(input.seed, ranges.seed, `${field}.seed`),
      rank: resolveRank(kind, input.rank, defaults.rank, `${field}.rank`),
      measureDetectors: input.measureDetectors ?? defaults.measureDetectors,
    },
  };
}

/** Null of all kinds but an ADAPTER. */
function resolveRank(kind: TrainingRow['kind'], given: Optional<number>, usual: number, field: string): number | null {
  if (kind === 'ADAPTER') return requireInRange(given ?? usual, TRAINING_RANGES.rank, field);
  if (given == null) return null;
  throw badInput(field, `is for an ADAPTER; a ${kind} has none, and got ${String(given)}`);
}

function resolveWindows(given: readonly TrainingWindowInput[], field: string): ResolvedSettings['windows'] {
  requireLength(given, { min: 0, max: MAX_WINDOWS }, field, 'windows');
  const partNumbers = given.map(({ partNumber }, i) => requireCode(partNumber, `${field}[${String(i)}].partNumber`));
  requireEachOnce(partNumbers, (i) => `${field}[${String(i)}].partNumber`);
  return given.map(({ window, flips, quarterTurns, zoom }, i) => ({
    partNumber: requireText(partNumbers[i] ?? '', field),
    ...(window != null && { window: requireInRange(window, TRAINING_RANGES.window, `${field}[${String(i)}].window`) }),
    ...(flips != null && { flips }),
    ...(quarterTurns != null && { quarterTurns }),
    ...(zoom != null && { zoom: requireInRange(zoom, TRAINING_RANGES.zoom, `${field}[${String(i)}].zoom`) }),
  }));
}
