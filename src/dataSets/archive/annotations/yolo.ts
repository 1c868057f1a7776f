/** YOLO segmentation: images/…/a.jpg and labels/…/a.txt, a line for each defect: its class, then x y of a polygon from 0 to 1. */
import { posix } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Archive } from '../openArchive.js';
import type { Problems } from '../problems.js';
import type { Annotated } from './annotated.js';
import { orProblem, splitOf } from './annotated.js';
import { imagesIn } from './findImages.js';
import type { Annotation } from './shapes.js';
import { BOX, NoShapeError } from './shapes.js';

const MAX_BYTES = 2 ** 20;
const NAMES = z.object({ names: z.union([z.array(z.string()), z.record(z.string(), z.string())]) });
/** Tools round. */
const OVER = 0.001;

/** @param root the folder that holds everything */
export async function readYolo(archive: Archive, root: string, problems: Problems): Promise<readonly Annotated[]> {
  const classes = await classNames(archive, root, problems);
  const there = new Set(archive.names);
  const found: Annotated[] = [];
  for (const name of imagesIn(archive.names).names) {
    const labels = labelsOf(name);
    if (labels === undefined) {
      problems.add(`${name}: lies in no folder images, as photographs of YOLO do`);
    } else if (!there.has(labels)) {
      problems.add(`${name}: has no annotation: add an empty ${labels} if it shows a good part, or remove it`);
    } else {
      const content = await archive.read(labels);
      const split = name
        .slice(root.length)
        .split('/')
        .slice(0, -1)
        .map(splitOf)
        .find((one) => one !== undefined);
      const annotations = orProblem(labels, problems, () => annotationsOf(content, classes));
      if (annotations !== undefined) found.push({ name, annotation: labels, annotations, split });
    }
  }
  return found;
}

function labelsOf(image: string): string | undefined {
  const parts = image.split('/');
  const at = parts.slice(0, -1).lastIndexOf('images');
  return at < 0
    ? undefined
    : parts
        .with(at, 'labels')
        .join('/')
        .replace(/\.[^.]*$/, '.txt');
}

function annotationsOf(content: Buffer, classes: ReadonlyMap<number, string>): Annotation[] {
  if (content.length > MAX_BYTES)
    throw new NoShapeError(`has ${String(content.length)} bytes; at most ${String(MAX_BYTES)} are read`);
  const lines = content
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/);
  return lines.flatMap((line, i) => (line.trim() === '' ? [] : [annotationOf(line.trim().split(/\s+/), i, classes)]));
}

function annotationOf(fields: readonly string[], line: number, classes: ReadonlyMap<number, string>): Annotation {
  if (fields.length === 5) throw new NoShapeError(BOX);
  const [kind = Number.NaN, ...numbers] = fields.map(Number);
  const isPolygon = numbers.length >= 6 && numbers.length % 2 === 0;
  if (!isPolygon || !numbers.every((value) => value >= -OVER && value <= 1 + OVER))
    throw new NoShapeError(`line ${String(line + 1)}: is no class and x y of at least three points, from 0 to 1`);
  const label = classes.get(kind);
  if (label === undefined) throw new NoShapeError(`line ${String(line + 1)}: data.yaml names no class ${String(kind)}`);
  const points = Array.from(
    { length: numbers.length / 2 },
    (_, i) => [numbers[2 * i] ?? 0, numbers[2 * i + 1] ?? 0] as const,
  );
  return { label, shapes: [{ ofWhole: points }] };
}

async function classNames(archive: Archive, root: string, problems: Problems): Promise<ReadonlyMap<number, string>> {
  const file = archive.names.find(
    (name) => posix.dirname(name) === posix.dirname(`${root}x`) && /\.ya?ml$/i.test(name),
  );
  if (file === undefined) {
    problems.add('there is no data.yaml with the names of the classes');
    return new Map();
  }
  const content = await archive.read(file);
  const found = content.length > MAX_BYTES ? undefined : NAMES.safeParse(yamlOf(content));
  if (found?.success !== true) {
    problems.add(`${file}: has no names, which say what class 0, 1, … is`);
    return new Map();
  }
  return new Map(Object.entries(found.data.names).map(([number, name]) => [Number(number), name.normalize('NFC')]));
}

function yamlOf(content: Buffer): unknown {
  try {
    return parse(content.toString('utf8'), { maxAliasCount: 0 });
  } catch {
    return undefined;
  }
}
