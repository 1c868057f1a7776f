/** Turns a caller's input into the settings of a data set: checks every value and fills in every default. */
import { requireCode } from '../catalog/codes.js';
import { badInput } from '../errors.js';
import type { Optional } from '../range.js';
import { requireInRange, requireLength } from '../range.js';
import { requireEachOnce } from '../requireEachOnce.js';
import { optionalText, requireText } from '../validateText.js';

export interface DataSetInput {
  readonly name: string;
  readonly partNumbers?: Optional<readonly string[]>;
  readonly referenceIds?: Optional<readonly string[]>;
  readonly sampleIds?: Optional<readonly string[]>;
  readonly acceptedSamples?: Optional<object>;
  readonly testShare?: Optional<number>;
  readonly splitSeed?: Optional<number>;
  readonly testReferenceIds?: Optional<readonly string[]>;
  readonly idempotencyKey?: Optional<string>;
}

export interface DataSetRequest {
  readonly name: string;
  readonly partNumbers: readonly string[];
  /** Ids in lower case, each once. The same applies to the other ids. */
  readonly referenceIds: readonly string[];
  readonly sampleIds: readonly string[];
  readonly division: Division;
}

/** How the members are divided into those for learning and those for testing. */
export type Division =
  { readonly testShare: number; readonly splitSeed: number } | { readonly testReferenceIds: readonly string[] };

const TEST_SHARE = { min: 0, max: 0.9, default: 0.3 } as const;
const SPLIT_SEEDS = { min: 0, max: 2 ** 31 - 1 } as const;
const MAX_PART_NUMBERS = 100;

export const USUAL_DIVISION = { testShare: TEST_SHARE.default, splitSeed: 0 } as const satisfies Division;

export function requireDataSetName(name: string, field: string): string {
  return requireText(name.normalize('NFC').trim(), field);
}

/** @param most members of a data set */
export function resolveDataSet(input: DataSetInput, most: number): DataSetRequest {
  optionalText(input.idempotencyKey, 'input.idempotencyKey');
  const partNumbers = input.partNumbers ?? [];
  requireLength(partNumbers, { min: 0, max: MAX_PART_NUMBERS }, 'input.partNumbers', 'part numbers');
  return {
    name: requireDataSetName(input.name, 'input.name'),
    partNumbers: partNumbers.map((one, i) => requireCode(one, `input.partNumbers[${String(i)}]`)),
    referenceIds: idList(input.referenceIds, 'input.referenceIds', most),
    sampleIds: idList(input.sampleIds, 'input.sampleIds', most),
    division: resolveDivision(input, most),
  };
}

function resolveDivision({ testShare, splitSeed, testReferenceIds }: DataSetInput, most: number): Division {
  if (testReferenceIds != null) {
    for (const [field, value] of Object.entries({ testShare, splitSeed }))
      if (value != null)
        throw badInput(`input.${field}`, 'chooses by chance, so that it cannot be given with testReferenceIds');
    return { testReferenceIds: idList(testReferenceIds, 'input.testReferenceIds', most) };
  }
  return {
    testShare: requireInRange(testShare ?? TEST_SHARE.default, TEST_SHARE, 'input.testShare'),
    splitSeed: requireInRange(splitSeed ?? 0, SPLIT_SEEDS, 'input.splitSeed'),
  };
}

function idList(given: Optional<readonly string[]>, field: string, max: number): readonly string[] {
  const ids = given ?? [];
  requireLength(ids, { min: 0, max }, field, 'ids');
  requireEachOnce(ids, (i) => `${field}[${String(i)}]`);
  return ids;
}
