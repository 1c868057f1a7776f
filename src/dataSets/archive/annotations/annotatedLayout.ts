/** Reads an archive in the layout of an annotation tool, if it is in one. */
import { posix } from 'node:path';
import type { Archive } from '../openArchive.js';
import type { Layout } from '../packed.js';
import type { Problems } from '../problems.js';
import type { Annotated } from './annotated.js';
import { packedPhotograph, splitOf } from './annotated.js';
import { readCoco } from './coco.js';
import { readLabelme } from './labelme.js';
import { createPointBudget } from './pointBudget.js';
import { readYolo } from './yolo.js';

const LABELS = /(^|\/)labels\/(?!(?:.*\/)?classes\.txt$).*\.txt$/i;

/**
 * Adds everything that is wrong with the annotations to `problems`.
 * @param product its part number; undefined: the name of the one folder that holds everything
 * @returns undefined if no annotation is in it
 */
export async function readAnnotatedLayout(
  archive: Archive,
  product: string | undefined,
  problems: Problems,
): Promise<Layout | undefined> {
  const root = commonFolder(archive.names);
  const annotated = await annotatedIn(archive, root, problems);
  if (annotated === undefined) return undefined;
  const name = product ?? productOf(root, problems);
  const photographs = annotated.flatMap((one) => packedPhotograph(one, name, problems) ?? []).filter(() => name !== '');
  if (photographs.length === 0 && problems.count === 0) problems.add('no photograph is in it');
  const isDivided = annotated.some(({ split }) => split !== undefined);
  const held = annotated.filter(({ split }) => split === 'TEST').map((one) => one.name);
  return { photographs, root, namedBy: 'label', tested: isDivided ? new Set(held) : undefined };
}

async function annotatedIn(
  archive: Archive,
  root: string,
  problems: Problems,
): Promise<readonly Annotated[] | undefined> {
  const files = await annotationFiles(archive);
  const [kind, ...others] = Object.keys(files).filter((one) => files[one as Kind].length > 0) as Kind[];
  if (kind === undefined) return undefined;
  if (others.length > 0)
    problems.add(`it has annotations of ${[kind, ...others].join(' and of ')}: keep those of one tool`);
  const source = { archive, root, budget: createPointBudget(), problems };
  if (kind === 'COCO') return readCoco(source, files.COCO);
  return kind === 'YOLO' ? readYolo(source, files.YOLO) : readLabelme(source, files.labelme);
}

/** By the name of the folder that holds everything. Empty, and a problem, if it does not name the product. */
export function productOf(root: string, problems: Problems): string {
  const isCalled = root !== 'images/' && splitOf(root) === undefined;
  const name = isCalled ? posix.basename(root) : '';
  if (name === '')
    problems.add(
      'its layout does not name the product: create the upload with partNumber, or pack the folder of the product',
    );
  return name;
}

type Kind = 'COCO' | 'YOLO' | 'labelme';

/** By what they contain: other JSON files may lie beside. */
async function annotationFiles(archive: Archive): Promise<Readonly<Record<Kind, string[]>>> {
  const found: Record<Kind, string[]> = {
    COCO: [],
    YOLO: archive.names.filter((name) => LABELS.test(name)),
    labelme: [],
  };
  for (const name of archive.names.filter((one) => /\.json$/i.test(one))) {
    const content = await archive.read(name);
    const has = (key: string): boolean => content.includes(`"${key}"`);
    if (has('images') && has('annotations') && has('categories')) found.COCO.push(name);
    else if (has('shapes') && has('imageWidth')) found.labelme.push(name);
  }
  return found;
}

/** With a slash; empty if there are several, or none. */
function commonFolder(names: readonly string[]): string {
  const [first = ''] = names;
  const folder = first.slice(0, first.indexOf('/') + 1);
  return folder !== '' && names.every((name) => name.startsWith(folder)) ? folder : '';
}
