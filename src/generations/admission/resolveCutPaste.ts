/** Checks a request for patches of photographs of good parts (CutPaste), and fills in its defaults. */
import { badInput } from '../../errors.js';
import type { Optional } from '../../range.js';
import { requireInRange } from '../../range.js';
import type { VariationLimits } from '../../inference/index.js';
import type { TransplantSettings } from '../../storage/jsonColumns.js';
import type { ProductRow, ReferenceRow } from '../../storage/tables.js';
import type { CutPasteInput, OnPhotographInput } from './generationInput.js';
import type { InputImages } from './inputImages.js';
import { namedPhotographs } from './namedPhotographs.js';
import { goodInTurn } from './photographsInTurn.js';

/** Pixels. */
const WINDOW = { min: 16, max: 16_384 } as const;
const NOT_VARIED: VariationLimits = {
  turn: 0,
  quarterTurns: false,
  halfTurns: false,
  mirrors: false,
  scale: { min: 1, max: 1 },
  bend: 0,
  contrast: 0,
};

/** What is of a defect has no meaning for a patch. */
const DEFECT_ONLY = {
  variation: 'is for defects; a patch is pasted as it was cut out, with another brightness and contrast',
  harmonize: 'is for defects; a patch keeps its border, which is what a detector learns from it',
} as const;

export function requireNothingOfDefects(input: OnPhotographInput, at: string): void {
  for (const [field, problem] of Object.entries(DEFECT_ONLY))
    if (input[field as keyof typeof DEFECT_ONLY] != null) throw badInput(`${at}.${field}`, problem);
}

/**
 * @param scenes how many photographs are needed, the first of which the seed selects
 * @param field that of the input, for messages
 */
export function resolveCutPaste(
  images: InputImages,
  { ids, window }: CutPasteInput,
  { product, scenes, seed, field }: { product: ProductRow; scenes: number; seed: number; field: string },
): TransplantSettings {
  // One after the one that the photographs which are drawn on begin with: a patch comes from another one if there is another.
  const selected = { scenes, seed: seed + 1, field };
  const donors = ids == null ? goodInTurn(images, product, selected) : named(images, ids, product, field);
  return {
    donors: donors.map(({ id }) => id),
    cutPaste: { window: window == null ? null : requireInRange(window, WINDOW, `${field}.window`) },
    ofOtherProducts: false,
    variation: NOT_VARIED,
    anywhere: true,
    notHarmonized: 'NOT_REQUESTED',
  };
}

function named(
  images: InputImages,
  ids: NonNullable<Optional<readonly string[]>>,
  product: ProductRow,
  field: string,
): readonly ReferenceRow[] {
  return namedPhotographs(images, { ids }, field, (row, here) => {
    if (row.productId !== product.id) throw badInput(here, 'is a photograph of another product');
    if (row.defectId !== null) throw badInput(here, 'shows a defect; cut patches out of photographs of good parts');
  });
}
