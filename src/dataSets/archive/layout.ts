/**
 * Reads the names in an archive as the MVTec AD layout, with the same demands as the training package
 * (training/defectdiffu/data: layout_folders.py, mask_files.py):
 *
 *     <product>/train/good/*, <product>/test/good/*         photographs of good parts
 *     <product>/test/<defect>/*                             photographs with a defect
 *     <product>/ground_truth/<defect>/<name>_mask.png       their masks
 *     manifest.csv                                          optional: which photographs are for testing
 *
 * The folder of the data set may be packed with it, or its content alone.
 */
import { joinNames, quote } from '../../errors.js';
import type { Layout, PackedPhotograph } from './packed.js';
import { IMAGE } from './packed.js';
import type { Problems } from './problems.js';

/** What is for testing, the manifest says. */
export interface MvtecLayout extends Layout {
  readonly manifest: string | undefined;
}

const GOOD = 'good';
const MANIFEST = 'manifest.csv';
/** Those that keep every value. */
const MASK = /\.(png|bmp|tiff?)$/i;
const PARTS = ['train', 'test', 'ground_truth'];

interface Placed {
  readonly name: string;
  readonly root: string;
  readonly product: string;
  readonly part: string;
  readonly folder: string;
  readonly file: string;
}

/** Adds everything that is wrong with the layout to `problems`. */
export function readLayout(names: readonly string[], problems: Problems): MvtecLayout {
  const placed: Placed[] = [];
  for (const name of names.filter((one) => IMAGE.test(one))) {
    const place = placeOf(name);
    if (typeof place === 'string') problems.add(`${name}: ${place}`);
    else placed.push(place);
  }
  const roots = [...new Set(placed.map(({ root }) => root))];
  if (roots.length > 1)
    problems.add(`the products lie in several folders, ${joinNames(roots.map(quote), 3)}: put them into one`);
  if (placed.length === 0 && problems.count === 0)
    problems.add('no photograph is in it: pack the folder that holds <product>/train/good and <product>/test/<defect>');
  const root = roots[0] ?? '';
  return {
    photographs: [...photographsIn(placed, problems)],
    root,
    namedBy: 'folder',
    tested: undefined,
    manifest: names.find((name) => name === root + MANIFEST),
  };
}

function placeOf(name: string): Placed | string {
  const segments = name.split('/');
  const [product, part, folder, file] = segments.slice(-4);
  if (product !== undefined && file !== undefined && PARTS.includes(part ?? '')) {
    const root = segments
      .slice(0, -4)
      .map((segment) => `${segment}/`)
      .join('');
    return { name, root, product, part: part ?? '', folder: folder ?? '', file };
  }
  if (segments.length === 3 && PARTS.includes(segments[0] ?? ''))
    return 'has no folder of a product above it: pack the folder that holds the folder of the product';
  return 'is not where the MVTec AD layout has photographs: <product>/train/good, <product>/test/<defect>, or <product>/ground_truth/<defect>';
}

function* photographsIn(placed: readonly Placed[], problems: Problems): Generator<PackedPhotograph> {
  const masks = new MaskFiles(placed.filter(({ part }) => part === 'ground_truth'));
  const folders = Map.groupBy(
    placed.filter(({ part }) => part !== 'ground_truth'),
    ({ root, product, part, folder }) => `${root}${product}/${part}/${folder}`,
  );
  for (const [path, files] of folders) {
    const [first] = files;
    if (first === undefined) continue;
    const { part, folder, product } = first;
    if (folder === GOOD) {
      for (const { name } of files) yield { name, product, defect: null, mask: null };
    } else if (part === 'train') {
      problems.add(`${path}: photographs of good parts go into train/good, and those with a defect into test/<defect>`);
    } else yield* defective(path, files, masks, problems);
  }
  for (const { name, file } of masks.unclaimed())
    if (!MASK.test(file)) problems.add(`${name}: a file of this type blurs a mask: save it as PNG`);
    else problems.add(`${name}: there is no photograph for this mask; remove it, or add the photograph`);
}

function* defective(
  path: string,
  files: readonly Placed[],
  masks: MaskFiles,
  problems: Problems,
): Generator<PackedPhotograph> {
  for (const several of Map.groupBy(files, ({ file }) => stemOf(file)).values()) {
    const [photograph] = several;
    if (photograph === undefined) continue;
    const { name, product, folder } = photograph;
    const found = masks.claim(photograph);
    if (several.length > 1)
      problems.add(
        `${path}: ${joinNames(several.map(({ file }) => file))} have one name, and would share a mask: rename one`,
      );
    else if (found.length > 1)
      problems.add(`${name}: has several masks, ${joinNames(found.map(({ file }) => file))}: keep one`);
    else if (found[0] === undefined)
      problems.add(
        `${name}: has no mask: ${product}/ground_truth/${folder}/${stemOf(photograph.file)}_mask.png is missing`,
      );
    else yield { name, product, defect: folder, mask: { file: found[0].name } };
  }
}

class MaskFiles {
  readonly #byPlace: ReadonlyMap<string, readonly Placed[]>;
  readonly #claimed = new Set<string>();

  constructor(files: readonly Placed[]) {
    this.#byPlace = Map.groupBy(files, ({ root, product, folder, file }) =>
      placeKey(root, product, folder, MASK.test(file) ? stemOf(file) : ''),
    );
  }

  claim({ root, product, folder, file }: Placed): readonly Placed[] {
    const key = placeKey(root, product, folder, `${stemOf(file)}_mask`);
    this.#claimed.add(key);
    return this.#byPlace.get(key) ?? [];
  }

  unclaimed(): readonly Placed[] {
    return [...this.#byPlace].filter(([key]) => !this.#claimed.has(key)).flatMap(([, files]) => files);
  }
}

const placeKey = (...names: readonly string[]): string => names.join('/');

function stemOf(file: string): string {
  return file.replace(/\.[^.]*$/, '');
}
