/** COCO, instance segmentation: JSON files with images, annotations, and categories; polygons, and run lengths. */
import { posix } from 'node:path';
import type { Size } from '../../../inference/index.js';
import { quote } from '../../../errors.js';
import type { Annotated, Source } from './annotated.js';
import { orProblem, splitOf } from './annotated.js';
import type { Images } from './findImages.js';
import { imagesIn } from './findImages.js';
import type { Fields } from './json.js';
import { fieldsOf, labelOf, listOf, numbersOf, readJson, sideOf, textOf } from './json.js';
import type { PointBudget } from './pointBudget.js';
import type { Annotation, Shape } from './shapes.js';
import { BOX, NoShapeError } from './noShape.js';
import { createPauses, mapWithPauses } from '../pauses.js';
import { compressedCounts, polygonOf, runsOf } from './shapes.js';

/** Images or annotations, between turns of the event loop: a few milliseconds. */
const ITEMS_PER_TURN = 100;
/** Of one annotation. */
const MAX_POLYGONS = 10_000;

/** @param files those of COCO */
export async function readCoco(source: Source, files: readonly string[]): Promise<readonly Annotated[]> {
  const { archive, root, problems } = source;
  const images = imagesIn(archive.names, root);
  const found = new Map<string, Annotated>();
  for (const file of files) {
    await orProblem(file, problems, async () =>
      readDocument(source, file, await readJson(archive, file), images, found),
    );
  }
  for (const name of images.names)
    if (!found.has(name) && problems.count === 0)
      problems.add(
        `${name}: no COCO file lists it: list it, without annotations if it shows a good part, or remove it`,
      );
  return [...found.values()];
}

async function readDocument(
  { root, budget, problems }: Source,
  file: string,
  document: Fields,
  images: Images,
  found: Map<string, Annotated>,
): Promise<void> {
  const names = byId(listOf(document['categories'], 'categories'), 'category');
  const listed = byId(listOf(document['images'], 'images'), 'image');
  const byImage = Map.groupBy(
    listOf(document['annotations'], 'annotations').map((one) => fieldsOf(one, 'an annotation')),
    (one) => one['image_id'],
  );
  for (const id of byImage.keys())
    if (!listed.has(id))
      throw new NoShapeError(`has an annotation of the image ${quote(String(id))}, which is not listed`);
  const subset = posix.basename(file, '.json').replace(/^instances_/, '');
  const split = splitOf(file.slice(root.length));
  const folders = [posix.dirname(file), root, ...['images', subset, `images/${subset}`].map((one) => root + one)];
  const pause = createPauses(ITEMS_PER_TURN);
  for (const [id, image] of listed) {
    await pause();
    const wanted = textOf(image['file_name'], 'file_name');
    const name = images.find(wanted, folders, split);
    if (name === undefined) problems.add(`${file}: there is no photograph ${quote(wanted)}`);
    else if (found.has(name))
      problems.add(`${name}: is listed twice, in ${found.get(name)?.annotation ?? ''} and ${file}`);
    else
      await orProblem(name, problems, async () => {
        const own = byImage.get(id) ?? [];
        const annotations = await mapWithPauses(own, pause, (one) => annotationOf(one, names, budget));
        const size = sizeOf(image);
        found.set(name, {
          name,
          annotation: file,
          size,
          annotations,
          split: split ?? splitOf(name.slice(root.length)),
        });
      });
  }
}

function byId(list: readonly unknown[], what: string): Map<unknown, Fields> {
  const found = new Map<unknown, Fields>();
  for (const one of list) {
    const fields = fieldsOf(one, `an ${what}`.replace('an c', 'a c'));
    const { id } = fields;
    if (typeof id !== 'number' && typeof id !== 'string')
      throw new NoShapeError(`cannot be read: the id of each ${what} must be a number or text`);
    if (found.has(id))
      throw new NoShapeError(`has two entries with the id ${quote(String(id))}: each ${what} has its own`);
    found.set(id, fields);
  }
  return found;
}

function sizeOf({ width, height }: Fields): Size | undefined {
  if (width == null || height == null) return undefined;
  return { width: sideOf(width, 'width'), height: sideOf(height, 'height') };
}

function annotationOf(
  { category_id, segmentation }: Fields,
  names: ReadonlyMap<unknown, Fields>,
  budget: PointBudget,
): Annotation {
  const category = names.get(category_id);
  if (category === undefined) throw new NoShapeError(`has the category ${String(category_id)}, which is not listed`);
  const label = labelOf(category['name'], 'the name of a category');
  if (segmentation == null) throw new NoShapeError(BOX);
  if (!Array.isArray(segmentation)) return { label, shapes: [runs(fieldsOf(segmentation, 'segmentation'), budget)] };
  if (segmentation.length === 0) throw new NoShapeError(BOX);
  if (segmentation.length > MAX_POLYGONS)
    throw new NoShapeError(
      `has an annotation of ${String(segmentation.length)} polygons; at most ${String(MAX_POLYGONS)} are read`,
    );
  const shapes = segmentation.map((part) => {
    const numbers = numbersOf(part, 'each polygon of a segmentation');
    budget.take(numbers.length / 2);
    return polygonOf(numbers);
  });
  return { label, shapes };
}

function runs({ size, counts }: Fields, budget: PointBudget): Shape {
  const [height, width] = numbersOf(size, 'the size of a segmentation');
  const sides = [sideOf(width, 'the size of a segmentation'), sideOf(height, 'the size of a segmentation')] as const;
  const lengths =
    typeof counts === 'string' ? compressedCounts(counts) : numbersOf(counts, 'the counts of a segmentation');
  budget.take(lengths.length / 2);
  return runsOf(...sides, lengths);
}
