/** CVAT for images: an XML file with polygons, ellipses, and masks. */
import { posix } from 'node:path';
import { quote } from '../../../errors.js';
import type { Annotated, Source } from './annotated.js';
import { orProblem, splitOf } from './annotated.js';
import { ellipseOf } from './ellipse.js';
import type { Images } from './findImages.js';
import { imagesIn } from './findImages.js';
import { labelOf, sideOf } from './json.js';
import { BOX, NoShapeError } from './noShape.js';
import { createPauses, mapWithPauses } from '../pauses.js';
import type { PointBudget } from './pointBudget.js';
import { readText } from './readText.js';
import type { Annotation } from './shapes.js';
import { polygonOf, runsOf } from './shapes.js';
import type { Tag } from './xml.js';
import { tagsOf } from './xml.js';

type Attributes = Tag['attributes'];

/** One that CVAT lists, with its shapes. */
interface ListedImage {
  readonly attributes: Attributes;
  readonly shapes: readonly Tag[];
}

const SHAPES_PER_TURN = 1_000;
/** Characters of the points or runs of a shape. */
const MAX_NUMBERS = 1_000_000;
/** Longer than any folder of an archive. */
const MAX_SUBSET_LENGTH = 300;
const SHAPES = ['polygon', 'mask', 'ellipse', 'box', 'polyline', 'points', 'cuboid', 'skeleton'];

/** @param files those of CVAT */
export async function readCvat(source: Source, files: readonly string[]): Promise<readonly Annotated[]> {
  const { archive, root, problems } = source;
  const images = imagesIn(archive.names, root);
  const found = new Map<string, Annotated>();
  for (const file of files)
    await orProblem(file, problems, async () => {
      for await (const image of listedImages(await readText(archive, file)))
        await readImage(source, file, image, images, found);
    });
  for (const name of images.names)
    if (!found.has(name) && problems.count === 0)
      problems.add(`${name}: CVAT does not list it: export its task too, or remove it`);
  return [...found.values()];
}

async function* listedImages(text: string): AsyncGenerator<ListedImage> {
  let image: { attributes: Attributes; shapes: Tag[] } | undefined;
  let depth = 0;
  for await (const tag of tagsOf(text)) {
    if (tag.is === 'CLOSE') depth--;
    if (tag.is === 'OPEN' && tag.name === 'track')
      throw new NoShapeError('is of a video; export the task as "CVAT for images"');
    if (tag.is === 'OPEN' && tag.name === 'image') [image, depth] = [{ attributes: tag.attributes, shapes: [] }, 0];
    else if (tag.is === 'OPEN' && depth === 1 && SHAPES.includes(tag.name)) image?.shapes.push(tag);
    else if (tag.is === 'CLOSE' && tag.name === 'image' && image !== undefined) {
      yield image;
      image = undefined;
    }
    if (tag.is === 'OPEN') depth++;
  }
}

async function readImage(
  { root, budget, problems }: Source,
  file: string,
  { attributes, shapes }: ListedImage,
  images: Images,
  found: Map<string, Annotated>,
): Promise<void> {
  const wanted = (attributes.get('name') ?? '').normalize('NFC');
  const subset = (attributes.get('subset') ?? '').slice(0, MAX_SUBSET_LENGTH);
  const split = splitOf(`${subset}/`);
  const folder = posix.dirname(file);
  const folders = [folder, ...['images', `images/${subset}`].map((one) => posix.join(folder, one)), root];
  const name = images.find(wanted, folders, split);
  const earlier = name === undefined ? undefined : found.get(name);
  if (name === undefined) problems.add(`${file}: there is no photograph ${quote(wanted)}`);
  else if (earlier !== undefined) problems.add(`${name}: is listed twice, in ${earlier.annotation} and ${file}`);
  else
    // The first problem of a photograph is told, and the others are read on.
    try {
      const size = { width: sideIn(attributes, 'width'), height: sideIn(attributes, 'height') };
      const pause = createPauses(SHAPES_PER_TURN);
      const annotations = await mapWithPauses(shapes, pause, (shape) => annotationOf(shape, budget));
      found.set(name, { name, annotation: file, size, annotations, split });
    } catch (error) {
      if (!(error instanceof NoShapeError)) throw error;
      problems.add(`${name}: ${error.message}`);
    }
}

function annotationOf({ name, attributes }: Tag, budget: PointBudget): Annotation {
  if (name === 'box') throw new NoShapeError(BOX);
  const label = labelOf(attributes.get('label'), 'the label of a shape');
  const numbers = (key: string): number[] => numbersIn(attributes, key, budget);
  if (name === 'polygon') return { label, shapes: [polygonOf(numbers('points'))] };
  if (name === 'ellipse') {
    const [x = 0, y = 0, radiusX = 0, radiusY = 0] = ['cx', 'cy', 'rx', 'ry'].flatMap(numbers);
    const [rotation = 0] = attributes.has('rotation') ? numbers('rotation') : [];
    return { label, shapes: [{ ellipse: ellipseOf(x, y, radiusX, radiusY, rotation) }] };
  }
  if (name !== 'mask') throw new NoShapeError(`has a ${name}, which has no area: annotate polygons or masks`);
  const [left = 0, top = 0] = ['left', 'top'].flatMap(numbers);
  const [width, height] = [sideIn(attributes, 'width'), sideIn(attributes, 'height')];
  return { label, shapes: [runsOf(width, height, numbers('rle'), { left, top })] };
}

const sideIn = (attributes: Attributes, key: string): number => sideOf(Number(attributes.get(key)), key);

/** Separated by commas or semicolons. */
function numbersIn(attributes: Attributes, key: string, budget: PointBudget): number[] {
  const text = attributes.get(key) ?? '';
  if (text.length > MAX_NUMBERS)
    throw new NoShapeError(`has ${key} of ${String(text.length)} characters; at most ${String(MAX_NUMBERS)} are read`);
  const numbers = text.split(/[,;]/).map((one) => (one.trim() === '' ? Number.NaN : Number(one)));
  budget.take(numbers.length / 2);
  if (numbers.every((number) => Number.isFinite(number))) return numbers;
  throw new NoShapeError(`cannot be read: ${key} of a shape must be numbers`);
}
