/**
 * What keeps a model from learning a data set well, in the words and with the bounds of `defectdiffu-train check`
 * (training/defectdiffu/data: record_checks.py, dataset_lint.py). Nothing of it keeps the data set from being used.
 */
import type { Size } from '../inference/index.js';
import { joinNames } from '../errors.js';
import type { DataSetFinding } from '../storage/dataSetFindings.js';
import type { RegionMaskRow } from '../storage/tables.js';
import type { Split } from './splitBySource.js';

/** Photographs of a (product, defect) to learn from. */
const LEAST = { defective: 10, normal: 20 } as const;
/** Of the photograph and of its border: a mask that marks more may be inverted. */
const INVERTED = { area: 0.5, border: 0.7 } as const;
/** In pixels of the photograph: what a training cuts, unless it is told otherwise. */
const USUAL_WINDOW = 128;
/** Of a window, covered by the defect. */
const LEAST_DEFECT_SHARE = 0.02;

/** Of a data set as a whole. One of very many products would have several of each. */
export const MAX_DATA_SET_FINDINGS = 200;

export const GOOD = 'good';

/** @param mask of a defective photograph; null for a good one */
export function photographFindings(
  photograph: Size,
  mask: Pick<RegionMaskRow, 'areaFraction' | 'borderFraction'> | null,
): readonly DataSetFinding[] {
  const shorter = Math.min(photograph.width, photograph.height);
  const found: DataSetFinding[] = [];
  if (shorter < USUAL_WINDOW)
    found.push({
      kind: 'SMALLER_THAN_WINDOW',
      message: `is smaller than the window, ${String(USUAL_WINDOW)} pixels`,
    });
  if (mask === null) return found;
  const { areaFraction: area, borderFraction: border } = mask;
  if (area > INVERTED.area && (border ?? 0) >= INVERTED.border)
    found.push({
      kind: 'MASK_MAY_BE_INVERTED',
      message: `its mask marks ${percent(area, 1)} of the photograph and its border: if it is inverted, mark the defect with 255`,
    });
  const share = (area * photograph.width * photograph.height) / Math.min(USUAL_WINDOW, shorter) ** 2;
  if (share < LEAST_DEFECT_SHARE)
    found.push({
      kind: 'DEFECT_TINY',
      message:
        `the defect covers ${percent(share, 2)} of a window of ${String(USUAL_WINDOW)} pixels, ` +
        `should be at least ${percent(LEAST_DEFECT_SHARE, 0)}: make the window smaller`,
    });
  return found;
}

export interface CountedMember {
  /** The words that a model reads. */
  readonly product: string;
  /** Null for a good part. */
  readonly defect: string | null;
  readonly split: Split;
  /** The same for photographs with the same pixels. */
  readonly source: string;
}

/** The first `MAX_DATA_SET_FINDINGS`. */
export function dataSetFindings(members: readonly CountedMember[]): readonly DataSetFinding[] {
  const found = [...Map.groupBy(members, ({ product }) => product)].flatMap(([product, own]) => {
    const splits = Map.groupBy(own, ({ defect }) => defect);
    // A product without good photographs lacks them, too.
    const groups = [...new Set([null, ...splits.keys()])].flatMap((defect) =>
      groupFindings(
        `${product}/${defect ?? GOOD}`,
        (splits.get(defect) ?? []).map(({ split }) => split),
        defect === null ? LEAST.normal : LEAST.defective,
      ),
    );
    return [...contradictions(product, own), ...groups];
  });
  return found.slice(0, MAX_DATA_SET_FINDINGS);
}

/** Photographs that are good ones and defective ones at once: uploaded as the one first, and as the other later. */
function contradictions(product: string, members: readonly CountedMember[]): DataSetFinding[] {
  const defective = Map.groupBy(
    members.filter(({ defect }) => defect !== null),
    ({ source }) => source,
  );
  const both = members.filter(({ defect, source }) => defect === null && defective.has(source));
  if (both.length === 0) return [];
  const defects = [...new Set(both.flatMap(({ source }) => defective.get(source)?.map(({ defect }) => defect) ?? []))];
  return [
    {
      kind: 'GOOD_AND_DEFECTIVE',
      message:
        `${product}: ${String(both.length)} photograph(s) are listed as good and, with the same pixels, as ` +
        `${joinNames(defects.map(String), 5)}: a model cannot learn both, leave one of them out`,
    },
  ];
}

function groupFindings(name: string, splits: readonly Split[], least: number): DataSetFinding[] {
  const learnt = splits.filter((split) => split === 'TRAIN').length;
  const found: DataSetFinding[] = [];
  if (learnt < least)
    found.push({
      kind: 'FEW_PHOTOGRAPHS',
      message: `${name}: ${String(learnt)} photograph(s) to learn from, should be at least ${String(least)}`,
    });
  if (splits.length > 0 && learnt === splits.length)
    found.push({
      kind: 'NO_TEST_PHOTOGRAPHS',
      message: `${name}: no photograph is for testing, so that nothing can be measured on it`,
    });
  return found;
}

function percent(share: number, digits: number): string {
  return `${(share * 100).toFixed(digits)}%`;
}
