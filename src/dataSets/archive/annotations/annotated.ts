/** Photographs with the annotations of a tool: COCO, YOLO segmentation, or labelme. */
import { joinNames, quote } from '../../../errors.js';
import type { PackedPhotograph } from '../packed.js';
import type { Problems } from '../problems.js';
import type { Annotation, Size } from './shapes.js';
import { NoShapeError, drawShapes } from './shapes.js';

export type Split = 'TRAIN' | 'TEST';

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

export const IMAGE = /\.(png|jpe?g|bmp|tiff?|webp)$/i;

/** By the name of a folder or file, as `defectdiffu-train convert` reads it: what is validated with is held out, too. */
export function splitOf(name: string): Split | undefined {
  if (/train/i.test(name)) return 'TRAIN';
  return /val|test/i.test(name) ? 'TEST' : undefined;
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
export function orProblem<T>(name: string, problems: Problems, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof NoShapeError)) throw error;
    problems.add(`${name}: ${error.message}`);
    return undefined;
  }
}
