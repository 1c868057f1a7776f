/** A published layout of folders: which photographs, masks, and other files it has, by their names alone. */
import { joinNames, quote } from '../../../errors.js';
import type { Layout, Marks, PackedPhotograph } from '../packed.js';
import { IMAGE } from '../packed.js';
import type { Problems } from '../problems.js';

export interface FolderLayout {
  readonly title: string;
  /** Where its photographs and masks lie, for messages. */
  readonly places: string;
  /** Names that this layout alone has. */
  readonly sign: RegExp;
  readonly marks: Marks;
  readonly namedBy: Layout['namedBy'];
  readonly namesNoProduct?: true;
  /** Of a file with the suffix of an image. Undefined if the layout has none there. */
  roleOf(name: string): Role | undefined;
}

export type Role = PhotographRole | { readonly is: 'MASK' } | { readonly is: 'UNREAD' };

export interface PhotographRole {
  readonly is: 'PHOTOGRAPH';
  readonly root: string;
  /** Undefined if the layout names none. */
  readonly product: string | undefined;
  readonly defect: string | null;
  /** The name of its mask, without the suffix. A good part has none. */
  readonly mask?: string;
  /** What it is if its mask is not there. */
  readonly withoutMask?: 'INCOMPLETE' | 'GOOD' | 'UNREAD';
  readonly isGoodIfUnmarked?: boolean;
  readonly split?: 'TRAIN' | 'TEST';
}

interface Photograph extends PhotographRole {
  readonly name: string;
}

/** Those that keep every value. */
export const MASK = /\.(png|bmp|tiff?)$/i;

/**
 * Adds everything that is wrong with the layout to `problems`.
 * @param productOf what the photographs below this folder show, where the layout names no product
 */
export function readFolderLayout(
  { title, places, marks, namedBy, roleOf }: FolderLayout,
  names: readonly string[],
  productOf: (root: string) => string,
  problems: Problems,
): Layout {
  const photographs: Photograph[] = [];
  const masks: string[] = [];
  for (const name of names.filter((one) => IMAGE.test(one))) {
    const role = roleOf(name);
    if (role === undefined) problems.add(`${name}: is not where ${title} has photographs: ${places}`);
    else if (role.is === 'PHOTOGRAPH') photographs.push({ ...role, name });
    else if (role.is === 'MASK') masks.push(name);
  }
  const root = oneRoot(photographs, problems);
  const product = photographs.some((one) => one.product === undefined) ? productOf(root) : undefined;
  const tested = photographs.filter(({ split }) => split === 'TEST').map(({ name }) => name);
  return {
    // Without a product they cannot be found in the catalog, and that is a problem already.
    photographs: [...paired(photographs, product ?? '', masks, marks, problems)].filter((one) => one.product !== ''),
    root,
    namedBy,
    tested: photographs.some(({ split }) => split !== undefined) ? new Set(tested) : undefined,
  };
}

export function oneRoot(placed: readonly { readonly root: string }[], problems: Problems): string {
  const roots = [...new Set(placed.map(({ root }) => root))];
  if (roots.length > 1)
    problems.add(`the products lie in several folders, ${joinNames(roots.map(quote), 3)}: put them into one`);
  return roots[0] ?? '';
}

function* paired(
  photographs: readonly Photograph[],
  usual: string,
  masks: readonly string[],
  marks: Marks,
  problems: Problems,
): Generator<PackedPhotograph> {
  const there = Map.groupBy(masks, (name) => stemOf(name));
  const claimed = new Set<string>();
  for (const [mask, several] of Map.groupBy(photographs, ({ mask }) => mask)) {
    if (mask === undefined) {
      for (const { name, product } of several) yield { name, product: product ?? usual, defect: null, mask: null };
      continue;
    }
    claimed.add(mask);
    const [photograph] = several;
    if (photograph === undefined) continue;
    const { name, product = usual, defect, withoutMask, isGoodIfUnmarked = false } = photograph;
    const files = there.get(mask) ?? [];
    if (several.length > 1)
      problems.add(
        `${joinNames(several.map((one) => one.name))} have one name, and would share the mask ${mask}.png: rename one`,
      );
    else if (files.length > 1) problems.add(`${name}: has several masks, ${joinNames(files)}: keep one`);
    else if (files.length === 1) yield { name, product, defect, mask: { files, marks }, isGoodIfUnmarked };
    else if (withoutMask === 'GOOD') yield { name, product, defect: null, mask: null };
    else if (withoutMask === 'INCOMPLETE') problems.add(`${name}: has no mask: ${mask}.png is missing`);
  }
  for (const name of masks.filter((one) => !claimed.has(stemOf(one)))) problems.add(withoutPhotograph(name));
  for (const name of masks.filter((one) => claimed.has(stemOf(one)) && !MASK.test(one))) problems.add(blurred(name));
}

export const withoutPhotograph = (mask: string): string =>
  MASK.test(mask) ? `${mask}: there is no photograph for this mask; remove it, or add the photograph` : blurred(mask);

const blurred = (mask: string): string => `${mask}: a file of this type blurs a mask: save it as PNG`;

/** Without the suffix. */
export function stemOf(name: string): string {
  return name.replace(/\.[^./]*$/, '');
}
