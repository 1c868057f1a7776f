/** labelme: beside each photograph a JSON file of its name, with polygons. */
import { quote } from '../../../errors.js';
import type { Annotated, Source } from './annotated.js';
import { besideOf, orProblem, requireOne, splitOf } from './annotated.js';
import { imagesIn } from './findImages.js';
import { fieldsOf, labelOf, listOf, numbersOf, readJson, sideOf } from './json.js';
import type { PointBudget } from './pointBudget.js';
import type { Annotation } from './shapes.js';
import { BOX, NoShapeError, polygonOf } from './shapes.js';

/** @param files those of labelme */
export async function readLabelme(source: Source, files: readonly string[]): Promise<readonly Annotated[]> {
  const { archive, root, problems } = source;
  const there = new Set(files);
  const found: Annotated[] = [];
  const images = imagesIn(archive.names, root).names;
  for (const [annotation, name] of requireOne(images, besideOf, files, problems)) {
    const split = splitOf(name.slice(root.length));
    if (!there.has(annotation)) {
      if (/(^|\/)good\/[^/]*$/i.test(name)) found.push({ name, annotation, annotations: [], split });
      else problems.add(`${name}: has no annotation ${annotation}: put photographs of good parts into a folder good`);
      continue;
    }
    await orProblem(annotation, problems, async () => {
      const { shapes, imageWidth, imageHeight } = await readJson(archive, annotation);
      const size = { width: sideOf(imageWidth, 'imageWidth'), height: sideOf(imageHeight, 'imageHeight') };
      const annotations = listOf(shapes, 'shapes').map((shape) => annotationOf(shape, source.budget));
      found.push({ name, annotation, size, annotations, split });
    });
  }
  return found;
}

function annotationOf(shape: unknown, budget: PointBudget): Annotation {
  const { label, shape_type, points } = fieldsOf(shape, 'a shape');
  if (shape_type === 'rectangle') throw new NoShapeError(BOX);
  if (shape_type != null && shape_type !== 'polygon')
    throw new NoShapeError(`has a shape of the type ${quote(String(shape_type))}; polygons are read`);
  const numbers = listOf(points, 'points').flatMap((point) => numbersOf(point, 'each point').slice(0, 2));
  budget.take(numbers.length / 2);
  return { label: labelOf(label, 'the label of a shape'), shapes: [polygonOf(numbers)] };
}
