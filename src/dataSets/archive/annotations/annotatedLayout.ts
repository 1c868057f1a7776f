/** Reads an archive in the layout of an annotation tool, if it is in one. */
import { posix } from 'node:path';
import type { Archive } from '../openArchive.js';
import type { Layout } from '../packed.js';
import type { Problems } from '../problems.js';
import type { Annotated, Source } from './annotated.js';
import { packedPhotograph, splitOf } from './annotated.js';
import type { Kind } from './annotationFiles.js';
import { annotationFiles } from './annotationFiles.js';
import { readCoco } from './coco.js';
import { readCvat } from './cvat.js';
import { readLabelme } from './labelme.js';
import { BOX } from './noShape.js';
import { createPointBudget } from './pointBudget.js';
import { readSeverstal } from './severstal.js';
import { readYolo } from './yolo.js';

const READERS: Readonly<Record<Kind, (source: Source, files: readonly string[]) => Promise<readonly Annotated[]>>> = {
  Severstal: readSeverstal,
  CVAT: readCvat,
  'Pascal VOC': ({ problems }, [file = '']) => {
    problems.add(`${file}: is of Pascal VOC, and ${BOX}`);
    return Promise.resolve([]);
  },
  COCO: readCoco,
  YOLO: readYolo,
  labelme: readLabelme,
};

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
  const found = await annotationFiles(archive);
  const [first] = found;
  if (first === undefined) return undefined;
  if (found.size > 1)
    problems.add(`it has annotations of ${[...found.keys()].join(' and of ')}: keep those of one tool`);
  const [kind, files] = first;
  return READERS[kind]({ archive, root, budget: createPointBudget(), problems }, files);
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

/** With a slash; empty if there are several, or none. */
function commonFolder(names: readonly string[]): string {
  const [first = ''] = names;
  const folder = first.slice(0, first.indexOf('/') + 1);
  return folder !== '' && names.every((name) => name.startsWith(folder)) ? folder : '';
}
