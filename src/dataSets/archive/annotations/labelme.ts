/** labelme: beside each photograph a JSON file of its name, with polygons. */
import { z } from 'zod';
import type { Archive } from '../openArchive.js';
import type { Problems } from '../problems.js';
import type { Annotated } from './annotated.js';
import { orProblem } from './annotated.js';
import { imagesIn } from './findImages.js';
import { readJson } from './json.js';
import type { Annotation } from './shapes.js';
import { BOX, NoShapeError, polygonOf } from './shapes.js';

const SIDE = z.int().min(1);
const DOCUMENT = z.object({
  imageWidth: SIDE,
  imageHeight: SIDE,
  shapes: z.array(
    z.object({
      label: z.string(),
      shape_type: z.string().nullish(),
      points: z.array(z.tuple([z.number(), z.number()])),
    }),
  ),
});
type LabelmeShape = z.infer<typeof DOCUMENT>['shapes'][number];

export async function readLabelme(archive: Archive, problems: Problems): Promise<readonly Annotated[]> {
  const there = new Set(archive.names);
  const found: Annotated[] = [];
  for (const name of imagesIn(archive.names).names) {
    const annotation = besideOf(name);
    const isGood = /(^|\/)good\/[^/]*$/i.test(name);
    if (!there.has(annotation)) {
      if (isGood) found.push({ name, annotation, annotations: [], split: undefined });
      else problems.add(`${name}: has no annotation ${annotation}: put photographs of good parts into a folder good`);
      continue;
    }
    const document = await readJson(archive, annotation, DOCUMENT, problems);
    if (document === undefined) continue;
    const size = { width: document.imageWidth, height: document.imageHeight };
    const annotations = orProblem(annotation, problems, () => document.shapes.map(annotationOf));
    if (annotations !== undefined) found.push({ name, annotation, size, annotations, split: undefined });
  }
  return found;
}

export function besideOf(image: string): string {
  return image.replace(/\.[^.]*$/, '.json');
}

function annotationOf({ label, shape_type, points }: LabelmeShape): Annotation {
  const kind = shape_type ?? 'polygon';
  if (kind === 'rectangle') throw new NoShapeError(BOX);
  if (kind !== 'polygon') throw new NoShapeError(`has a ${kind}; of shapes, polygons are read`);
  return { label: label.normalize('NFC'), shapes: [polygonOf(points.flat())] };
}
