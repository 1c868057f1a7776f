/** Turns a caller's input into complete settings of an export: checks every option and fills in every default. */
import { requireCode } from '../catalog/codes.js';
import { badInput, quote } from '../errors.js';
import type { Optional } from '../range.js';
import { requireInRange } from '../range.js';
import type { ExportSettings } from '../storage/exportJsonColumns.js';
import type { ExportRow } from '../storage/tables.js';
import { optionalText } from '../validateText.js';

export interface ExportInput {
  readonly format: ExportRow['format'];
  readonly filter?: Optional<object>;
  readonly cocoSegmentation?: Optional<ExportSettings['cocoSegmentation']>;
  readonly normals?: Optional<boolean>;
  readonly heldOutFraction?: Optional<number>;
  readonly splitSeed?: Optional<number>;
  readonly classes?: Optional<readonly string[]>;
  readonly photographs?: Optional<{ readonly own?: Optional<boolean>; readonly ofOtherProducts?: Optional<boolean> }>;
  readonly idempotencyKey?: Optional<string>;
}

const MAX_CLASSES = 1000;
const SPLIT_SEEDS = { min: 0, max: 2 ** 31 - 1 } as const;
const HELD_OUT = { min: 0, max: 0.9, default: 0.2 } as const;

export function resolveExport(input: ExportInput): ExportSettings {
  optionalText(input.idempotencyKey, 'input.idempotencyKey');
  if (input.cocoSegmentation != null && input.format !== 'COCO')
    throw badInput('input.cocoSegmentation', `is for format COCO, but the format is ${input.format}`);
  return {
    cocoSegmentation: input.cocoSegmentation ?? 'POLYGONS',
    normals: input.normals ?? input.format === 'MVTEC_AD',
    heldOutFraction: requireInRange(input.heldOutFraction ?? HELD_OUT.default, HELD_OUT, 'input.heldOutFraction'),
    splitSeed: requireInRange(input.splitSeed ?? 0, SPLIT_SEEDS, 'input.splitSeed'),
    ...(input.classes != null && { classes: requireClasses(input.classes, input.format) }),
    photographs: {
      own: input.photographs?.own ?? false,
      ofOtherProducts: input.photographs?.ofOtherProducts ?? false,
    },
    filter: input.filter == null ? null : (input.filter as Record<string, unknown>),
  };
}

function requireClasses(given: readonly string[], format: ExportInput['format']): readonly string[] {
  const field = 'input.classes';
  if (format === 'MVTEC_AD') throw badInput(field, 'is for COCO and YOLO_SEGMENTATION: MVTEC_AD has no class numbers');
  if (given.length > MAX_CLASSES)
    throw badInput(field, `has ${String(given.length)} codes, more than ${String(MAX_CLASSES)}`);
  const classes = given.map((code, i) => requireCode(code, `${field}[${String(i)}]`));
  const twice = classes.findIndex((code, i) => classes.indexOf(code) < i);
  if (twice >= 0) throw badInput(`${field}[${String(twice)}]`, `${quote(classes[twice])} is already in the list`);
  return classes;
}
