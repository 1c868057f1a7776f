/** Photographs with the annotations of a tool: COCO, YOLO segmentation, or labelme. */
import type { Size } from '../../../inference/index.js';
import { joinNames, quote } from '../../../errors.js';
import type { Archive } from '../openArchive.js';
import type { PackedPhotograph } from '../packed.js';
import { IMAGE } from '../packed.js';
import type { Problems } from '../problems.js';
import type { PointBudget } from './pointBudget.js';
import type { Annotation } from './shapes.js';
import { NoShapeError } from './noShape.js';
import { drawShapes } from './shapes.js';

export type Split = 'TRAIN' | 'TEST';

/** What is read, whatever tool wrote it. */
export interface Source {
  readonly archive: Archive;
  /** The folder that holds everything. */
  readonly root: string;
  readonly budget: PointBudget;
  readonly problems: Problems;
}

/** A photograph that a tool says something about. */
export interface Annotated {
  /** Of its file. */
  readonly name: string;
  /** The file that has its annotations. */
  readonly annotation: string;
  /** The size that they were made for, if they say so. */
  readonly size?: Size | undefined;
  /** None: a good part. */
  readonly annotations: readonly Annotation[];
  readonly split: Split | undefined;
}

const SPLITS: Readonly<Record<string, Split>> = {
  train: 'TRAIN',
  training: 'TRAIN',
  val: 'TEST',
  valid: 'TEST',
  validation: 'TEST',
  test: 'TEST',
  testing: 'TEST',
};

/**
 * By the words of a place below the folder that holds everything: of its folders, and of the names of JSON files. What is validated with is
 * held out, too.
 */
export function splitOf(place: string): Split | undefined {
  const folders = IMAGE.test(place) ? place.slice(0, place.lastIndexOf('/') + 1) : place;
  const words = folders.toLowerCase().split(/[^a-z]+/);
  return words.map((word) => SPLITS[word]).find((split) => split !== undefined);
}

/** The file beside a photograph, with its annotation. */
export function besideOf(image: string): string {
  return image.replace(/\.[^.]*$/, '.json');
}

/** The photographs by their annotation. Several of one annotation, and annotations without a photograph, become problems. */
export function requireOne(
  images: readonly string[],
  annotationOf: (image: string) => string,
  annotations: readonly string[],
  problems: Problems,
): ReadonlyMap<string, string> {
  const byAnnotation = Map.groupBy(images, annotationOf);
  for (const name of annotations)
    if (!byAnnotation.has(name))
      problems.add(`${name}: there is no photograph for this annotation; remove it, or add the photograph`);
  const found = new Map<string, string>();
  for (const [annotation, several] of byAnnotation) {
    const [name] = several;
    if (name === undefined) continue;
    if (several.length === 1) found.set(annotation, name);
    else problems.add(`${joinNames(several, 3)} have one name, and would share ${annotation}: rename one`);
  }
  return found;
}

/** Undefined, and a problem, if it shows several defects. */
export function packedPhotograph(
  { name, annotation, annotations, size }: Annotated,
  product: string,
  problems: Problems,
): PackedPhotograph | undefined {
  const labels = [...new Set(annotations.map(({ label }) => label))].sort();
  const [defect] = labels;
  if (defect === undefined) return { name, product, defect: null, mask: null };
  if (labels.length > 1) {
    problems.add(
      `${name}: shows several defects, ${joinNames(labels.map(quote), 5)}, and a photograph has one: leave it out, or call them alike`,
    );
    return undefined;
  }
  const shapes = annotations.flatMap((one) => one.shapes);
  return { name, product, defect, mask: { annotation, draw: (photograph) => drawShapes(shapes, size, photograph) } };
}

/** Adds what keeps `read` from reading the annotations of a photograph to `problems`. */
export async function orProblem<T>(
  name: string,
  problems: Problems,
  read: () => T | Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof NoShapeError)) throw error;
    problems.add(`${name}: ${error.message}`);
    return undefined;
  }
}
