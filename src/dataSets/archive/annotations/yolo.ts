/** YOLO segmentation: images/…/a.jpg and labels/…/a.txt, a line for each defect: its class, then x y of a polygon from 0 to 1. */
import type { Annotated, Source } from './annotated.js';
import { orProblem, requireOne, splitOf } from './annotated.js';
import { classNames } from './classNames.js';
import { imagesIn } from './findImages.js';
import type { PointBudget } from './pointBudget.js';
import type { Annotation } from './shapes.js';
import { BOX, NoShapeError } from './noShape.js';

const MAX_BYTES = 2 ** 20;
/** Tools round. */
const OVER = 0.001;

/** @param files those of labels */
export async function readYolo(source: Source, files: readonly string[]): Promise<readonly Annotated[]> {
  const { archive, root, budget, problems } = source;
  const classes = await classNames(archive, root, problems);
  if (classes === undefined) return [];
  const there = new Set(files);
  const found: Annotated[] = [];
  const images = imagesIn(archive.names, root).names;
  for (const name of images)
    if (labelsOf(name) === undefined) problems.add(`${name}: lies in no folder images, as photographs of YOLO do`);
  const inImages = images.filter((name) => labelsOf(name) !== undefined);
  for (const [labels, name] of requireOne(inImages, (one) => labelsOf(one) ?? '', files, problems)) {
    if (!there.has(labels)) {
      problems.add(`${name}: has no annotation: add an empty ${labels} if it shows a good part, or remove it`);
      continue;
    }
    const content = await archive.read(labels);
    const annotations = await orProblem(labels, problems, () => annotationsOf(content, classes, budget));
    if (annotations !== undefined)
      found.push({ name, annotation: labels, annotations, split: splitOf(name.slice(root.length)) });
  }
  return found;
}

function labelsOf(image: string): string | undefined {
  const parts = image.split('/');
  const at = parts.slice(0, -1).lastIndexOf('images');
  if (at < 0) return undefined;
  return parts
    .with(at, 'labels')
    .join('/')
    .replace(/\.[^.]*$/, '.txt');
}

function annotationsOf(content: Buffer, classes: ReadonlyMap<number, string>, budget: PointBudget): Annotation[] {
  if (content.length > MAX_BYTES)
    throw new NoShapeError(`has ${String(content.length)} bytes; at most ${String(MAX_BYTES)} are read`);
  const lines = content
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/);
  return lines.flatMap((line, i) =>
    line.trim() === '' ? [] : [annotationOf(line.trim().split(/\s+/), i, classes, budget)],
  );
}

function annotationOf(
  fields: readonly string[],
  line: number,
  classes: ReadonlyMap<number, string>,
  budget: PointBudget,
): Annotation {
  if (fields.length === 5) throw new NoShapeError(BOX);
  const [kind = Number.NaN, ...numbers] = fields.map(Number);
  const isPolygon = numbers.length >= 6 && numbers.length % 2 === 0;
  if (!isPolygon || !numbers.every((value) => value >= -OVER && value <= 1 + OVER))
    throw new NoShapeError(`line ${String(line + 1)}: is no class and x and y of at least three points, from 0 to 1`);
  const label = classes.get(kind);
  if (label === undefined) throw new NoShapeError(`line ${String(line + 1)}: data.yaml names no class ${String(kind)}`);
  budget.take(numbers.length / 2);
  const points = Array.from(
    { length: numbers.length / 2 },
    (_, i) => [numbers[2 * i] ?? 0, numbers[2 * i + 1] ?? 0] as const,
  );
  return { label, shapes: [{ ofWhole: points }] };
}
