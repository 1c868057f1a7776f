/** labelme: a JSON file for each photograph, beside it and of its name, or apart with its path; polygons, circles, and masks. */
import { posix } from 'node:path';
import { quote } from '../../../errors.js';
import type { Annotated, Source } from './annotated.js';
import { besideOf, orProblem, requireOne, splitOf } from './annotated.js';
import { ellipseOf } from './ellipse.js';
import type { Images } from './findImages.js';
import { imagesIn } from './findImages.js';
import type { Fields } from './json.js';
import { fieldsOf, labelOf, listOf, numbersOf, readJson, sideOf } from './json.js';
import { BOX, NoShapeError } from './noShape.js';
import { createPauses, mapWithPauses } from '../pauses.js';
import { pngMaskOf } from './pngMask.js';
import type { PointBudget } from './pointBudget.js';
import type { Annotation, Shape } from './shapes.js';
import { polygonOf } from './shapes.js';

const SHAPES_PER_TURN = 1_000;

/** @param files those of labelme */
export async function readLabelme(source: Source, files: readonly string[]): Promise<readonly Annotated[]> {
  const { archive, root, problems } = source;
  const images = imagesIn(archive.names, root);
  const beside = new Set(images.names.map(besideOf));
  const found: Annotated[] = [];
  const apart = new Set<string>();
  for (const annotation of files.filter((name) => !beside.has(name)))
    await orProblem(annotation, problems, async () => {
      const document = await readJson(archive, annotation);
      const name = namedBy(document, annotation, images);
      if (name === undefined) return problems.add(withoutPhotograph(annotation, document));
      if (apart.has(name)) return problems.add(`${name}: is described more than once, in ${annotation} too: keep one`);
      apart.add(name);
      found.push(await annotatedBy(source, annotation, document, name));
    });
  const there = new Set(files);
  const others = images.names.filter((name) => !apart.has(name) || there.has(besideOf(name)));
  for (const [annotation, name] of requireOne(others, besideOf, [], problems)) {
    if (apart.has(name)) problems.add(`${name}: is described more than once, in ${annotation} too: keep one`);
    else if (there.has(annotation))
      await orProblem(annotation, problems, async () =>
        found.push(await annotatedBy(source, annotation, await readJson(archive, annotation), name)),
      );
    else if (/(^|\/)good\/[^/]*$/i.test(name))
      found.push({ name, annotation, annotations: [], split: splitOf(name.slice(root.length)) });
    else problems.add(`${name}: has no annotation ${annotation}: put photographs of good parts into a folder good`);
  }
  return found;
}

/** The photograph of the path in the document, such as "../images/0.png". */
function namedBy({ imagePath }: Fields, annotation: string, images: Images): string | undefined {
  if (typeof imagePath !== 'string' || imagePath === '') return undefined;
  return images.find(imagePath, [posix.dirname(annotation)], undefined);
}

function withoutPhotograph(annotation: string, { imagePath }: Fields): string {
  const path = typeof imagePath === 'string' && imagePath !== '' ? `, nor is there ${quote(imagePath)}` : '';
  return `${annotation}: there is no photograph for this annotation${path}; remove it, or add the photograph`;
}

async function annotatedBy(
  { root, budget }: Source,
  annotation: string,
  { shapes, imageWidth, imageHeight }: Fields,
  name: string,
): Promise<Annotated> {
  const size = { width: sideOf(imageWidth, 'imageWidth'), height: sideOf(imageHeight, 'imageHeight') };
  const pause = createPauses(SHAPES_PER_TURN);
  const annotations = await mapWithPauses(listOf(shapes, 'shapes'), pause, (shape) =>
    annotationOf(fieldsOf(shape, 'a shape'), budget),
  );
  return { name, annotation, size, annotations, split: splitOf(name.slice(root.length)) };
}

function annotationOf(shape: Fields, budget: PointBudget): Annotation {
  const { shape_type, points } = shape;
  if (shape_type === 'rectangle') throw new NoShapeError(BOX);
  const numbers = listOf(points, 'points').flatMap((point) => numbersOf(point, 'each point').slice(0, 2));
  budget.take(numbers.length / 2);
  return { label: labelOf(shape['label'], 'the label of a shape'), shapes: [shapeOf(shape, numbers, budget)] };
}

function shapeOf({ shape_type, mask }: Fields, numbers: readonly number[], budget: PointBudget): Shape {
  if (shape_type == null || shape_type === 'polygon') return polygonOf(numbers);
  const [x = Number.NaN, y = Number.NaN, atX = Number.NaN, atY = Number.NaN] = numbers;
  if (shape_type === 'circle') {
    const radius = Math.hypot(atX - x, atY - y);
    return { ellipse: ellipseOf(x, y, radius, radius) };
  }
  if (shape_type === 'mask') return { png: pngMaskOf(mask, Math.round(x), Math.round(y), budget) };
  throw new NoShapeError(`has a shape of the type ${quote(String(shape_type))}; polygons, circles, and masks are read`);
}
