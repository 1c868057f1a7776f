/** COCO, instance segmentation: JSON files with images, annotations, and categories; polygons, and run lengths. */
import { posix } from 'node:path';
import { z } from 'zod';
import type { Archive } from '../openArchive.js';
import type { Problems } from '../problems.js';
import type { Annotated } from './annotated.js';
import { orProblem, splitOf } from './annotated.js';
import { imagesIn } from './findImages.js';
import { readJson } from './json.js';
import type { Annotation, Shape } from './shapes.js';
import { BOX, NoShapeError, compressedCounts, polygonOf, runsOf } from './shapes.js';

const ID = z.union([z.number(), z.string()]);
const SIDE = z.int().min(1).max(100_000);
const DOCUMENT = z.object({
  images: z.array(z.object({ id: ID, file_name: z.string(), width: SIDE.nullish(), height: SIDE.nullish() })),
  categories: z.array(z.object({ id: ID, name: z.string() })),
  annotations: z.array(
    z.object({
      image_id: ID,
      category_id: ID,
      segmentation: z
        .union([
          z.array(z.array(z.number())),
          z.object({ size: z.tuple([SIDE, SIDE]), counts: z.union([z.array(z.int()), z.string()]) }),
        ])
        .nullish(),
    }),
  ),
});
type Document = z.infer<typeof DOCUMENT>;
type CocoAnnotation = Document['annotations'][number];

/** @param files those of COCO @param root the folder that holds everything */
export async function readCoco(
  archive: Archive,
  files: readonly string[],
  root: string,
  problems: Problems,
): Promise<readonly Annotated[]> {
  const images = imagesIn(archive.names);
  const found = new Map<string, Annotated>();
  for (const file of files) {
    const document = await readJson(archive, file, DOCUMENT, problems);
    if (document === undefined) continue;
    const names = new Map(document.categories.map(({ id, name }) => [id, name.normalize('NFC')]));
    const byImage = Map.groupBy(document.annotations, ({ image_id }) => image_id);
    const subset = posix.basename(file, '.json').replace(/^instances_/, '');
    const split = splitOf(subset) ?? splitOf(posix.basename(posix.dirname(file)));
    const folders = [posix.dirname(file), root, ...['images', subset, `images/${subset}`].map((one) => root + one)];
    for (const { id, file_name, width, height } of document.images) {
      const name = images.find(file_name, folders);
      if (name === undefined) problems.add(`${file}: there is no photograph ${JSON.stringify(file_name)}`);
      else if (found.has(name))
        problems.add(`${name}: is listed twice, in ${found.get(name)?.annotation ?? ''} and ${file}`);
      else {
        const annotations = orProblem(name, problems, () =>
          (byImage.get(id) ?? []).map((one) => annotationOf(one, names)),
        );
        const size = width == null || height == null ? undefined : { width, height };
        if (annotations !== undefined) found.set(name, { name, annotation: file, size, annotations, split });
      }
    }
  }
  for (const name of images.names)
    if (!found.has(name) && problems.count === 0)
      problems.add(
        `${name}: no COCO file lists it: list it, without annotations if it shows a good part, or remove it`,
      );
  return [...found.values()];
}

function annotationOf(
  { category_id, segmentation }: CocoAnnotation,
  names: ReadonlyMap<string | number, string>,
): Annotation {
  const label = names.get(category_id);
  if (label === undefined) throw new NoShapeError(`has the category ${String(category_id)}, which is not listed`);
  if (segmentation == null || (Array.isArray(segmentation) && segmentation.length === 0)) throw new NoShapeError(BOX);
  return { label, shapes: Array.isArray(segmentation) ? segmentation.map(polygonOf) : [runs(segmentation)] };
}

function runs({
  size: [height, width],
  counts,
}: Exclude<CocoAnnotation['segmentation'], unknown[] | null | undefined>): Shape {
  return runsOf(width, height, typeof counts === 'string' ? compressedCounts(counts) : counts);
}
