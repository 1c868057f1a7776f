/**
 * The MVTec AD layout and its like, by the names in an archive, with the demands of the training package
 * (training/defectdiffu/convert/folders.py):
 *
 *     <product>/{train,validation,test}/good/*              photographs of good parts; or ok, normal, …
 *     <product>/test/<defect>/*                             photographs with a defect
 *     <product>/ground_truth/<defect>/<name>_mask.png       their masks; or <name>.png, <name>/*.png, …
 *     manifest.csv                                          optional: which photographs are for testing
 *
 * BTAD, MVTec LOCO, and VisA as one class are such layouts. The folder of the data set may be packed with it, or its
 * content alone.
 */
import { joinNames } from '../../../errors.js';
import { promptWords } from '../catalogFolders.js';
import type { Layout, PackedPhotograph } from '../packed.js';
import { IMAGE } from '../packed.js';
import type { Problems } from '../problems.js';
import { oneRoot, stemOf, withoutPhotograph } from './folderLayout.js';
import type { Placed } from './maskFolders.js';
import { MaskFolders, masksAmong } from './maskFolders.js';

/** What is for testing, the manifest says. */
export interface MvtecLayout extends Layout {
  readonly manifest: string | undefined;
}

/** As in training/defectdiffu/data/layout_names.py. */
const NAMES_OF_GOOD = new Set([
  ...['good', 'goods', 'ok', 'normal', 'defect free', 'no defect', 'non defective', 'gut', 'io'],
]);
const MANIFEST = 'manifest.csv';
const MASKS = 'ground_truth';
const PARTS = ['train', 'validation', 'test', MASKS];
const PLACES = '<product>/train/good, <product>/test/<defect>, or <product>/ground_truth/<defect>';

/** Adds everything that is wrong with the layout to `problems`. */
export function readMvtecAd(names: readonly string[], problems: Problems): MvtecLayout {
  const placed: Placed[] = [];
  for (const name of names.filter((one) => IMAGE.test(one))) {
    const place = placeOf(name);
    if (place !== undefined) placed.push(place);
    else if (isWithoutProduct(name))
      problems.add(
        `${name}: has no folder of a product above it: pack the folder that holds the folder of the product`,
      );
    else problems.add(`${name}: is not where the MVTec AD layout has photographs: ${PLACES}`);
  }
  const root = oneRoot(placed, problems);
  if (placed.length === 0 && problems.count === 0)
    problems.add('no photograph is in it: pack the folder that holds <product>/train/good and <product>/test/<defect>');
  return {
    photographs: [...photographsIn(placed, problems)],
    root,
    namedBy: 'folder',
    tested: undefined,
    manifest: names.find((name) => name === root + MANIFEST),
  };
}

export function isMvtecAd(name: string): boolean {
  return placeOf(name) !== undefined || isWithoutProduct(name);
}

function isWithoutProduct(name: string): boolean {
  const segments = name.split('/');
  return segments.length === 3 && PARTS.includes(segments[0] ?? '');
}

function placeOf(name: string): Placed | undefined {
  const segments = name.split('/');
  const at = segments.findLastIndex((one, i) => i > 0 && i + 2 < segments.length && PARTS.includes(one));
  const [product, part, folder] = segments.slice(at - 1);
  if (at < 0 || product === undefined || part === undefined || folder === undefined) return undefined;
  const [root, inner] = [segments.slice(0, at - 1), segments.slice(at + 2, -1)].map((some) =>
    some.map((segment) => `${segment}/`).join(''),
  );
  return { name, root: root ?? '', product, part, folder, inner: inner ?? '', file: segments.at(-1) ?? '' };
}

function* photographsIn(placed: readonly Placed[], problems: Problems): Generator<PackedPhotograph> {
  const masks = new MaskFolders(placed.filter(({ part }) => part === MASKS));
  const folders = Map.groupBy(
    placed.filter(({ part }) => part !== MASKS),
    ({ root, product, part, folder }) => `${root}${product}/${part}/${folder}`,
  );
  for (const [path, files] of folders) {
    const { part = '', folder = '' } = files[0] ?? {};
    if (NAMES_OF_GOOD.has(promptWords(folder))) yield* good(files, masks, problems);
    else if (part === 'test') for (const inner of byInner(files)) yield* defective(path, inner, masks, problems);
    else
      problems.add(`${path}: photographs of good parts go into train/good, and those with a defect into test/<defect>`);
  }
  for (const mask of masks.unclaimed()) problems.add(withoutPhotograph(mask));
}

const byInner = (files: readonly Placed[]) => Map.groupBy(files, ({ inner }) => inner).values();

function* good(files: readonly Placed[], masks: MaskFolders, problems: Problems): Generator<PackedPhotograph> {
  const strays = masksAmong(files);
  for (const photograph of files) {
    const { name, product, part } = photograph;
    if (strays.has(photograph)) {
      problems.add(`${name}: is a mask among photographs of good parts: remove it, or move it to ${MASKS}`);
      continue;
    }
    const found = part === 'test' ? masks.claim(photograph) : [];
    yield { name, product, defect: null, mask: found.length === 0 ? null : { files: found, marks: 'ANY_VALUE' } };
  }
}

/** @param path of the folder; `files` lie in one folder, it or one below it */
function* defective(
  path: string,
  files: readonly Placed[],
  masks: MaskFolders,
  problems: Problems,
): Generator<PackedPhotograph> {
  const beside = masksAmong(files);
  const photographs = files.filter((file) => !beside.has(file));
  const used = new Set<string>();
  for (const [stem, several] of Map.groupBy(photographs, ({ file }) => stemOf(file))) {
    const [photograph] = several;
    if (photograph === undefined) continue;
    const { name, product, folder, inner } = photograph;
    let found = masks.claim(photograph);
    if (found.length === 0) {
      found = [...beside].filter(({ file }) => file.startsWith(`${stem}_`)).map((mask) => mask.name);
      for (const mask of found) used.add(mask);
    }
    if (several.length > 1)
      problems.add(
        `${path}: ${joinNames(several.map(({ file }) => file))} have one name, and would share a mask: rename one`,
      );
    else if (found.length === 0)
      problems.add(`${name}: has no mask: ${product}/${MASKS}/${folder}/${inner}${stem}_mask.png is missing`);
    // The values in a folder of masks stand for kinds of defects; in a single file they may mean more.
    else
      yield {
        name,
        product,
        defect: folder,
        mask: { files: found, marks: found.length > 1 ? 'ANY_VALUE' : 'ONE_VALUE' },
      };
  }
  for (const { name } of [...beside].filter((mask) => !used.has(mask.name)))
    problems.add(`${name}: is a mask among photographs: remove it, or move it to ${MASKS}`);
}
