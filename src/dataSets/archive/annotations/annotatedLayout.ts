/** Reads an archive in the layout of an annotation tool, if it is in one. */
import type { Archive } from '../openArchive.js';
import type { Layout } from '../packed.js';
import type { Problems } from '../problems.js';
import type { Annotated } from './annotated.js';
import { IMAGE, packedPhotograph } from './annotated.js';
import { readCoco } from './coco.js';
import { besideOf, readLabelme } from './labelme.js';
import { readYolo } from './yolo.js';

/** Folders of the MVTec AD layout, in which JSON files may lie as well. */
const MVTEC = /(^|\/)(ground_truth|train\/good|test\/good)\//;

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
  const { names } = archive;
  if (names.some((name) => MVTEC.test(name))) return undefined;
  const root = commonFolder(names);
  const annotated = await annotatedIn(archive, root, problems);
  if (annotated === undefined) return undefined;
  const name = product ?? root.slice(0, -1);
  if (name === '')
    problems.add(
      'its layout does not name the product: create the upload with partNumber, or pack the folder of the product',
    );
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
  const { names } = archive;
  const beside = new Set(names.filter((name) => IMAGE.test(name)).map(besideOf));
  const documents = names.filter((name) => /\.json$/i.test(name));
  const coco = documents.filter((name) => !beside.has(name));
  if (coco.length > 0) return readCoco(archive, coco, root, problems);
  if (names.some((name) => /(^|\/)labels\/.*\.txt$/i.test(name))) return readYolo(archive, root, problems);
  return documents.length > 0 ? readLabelme(archive, problems) : undefined;
}

/** With a slash; empty if there are several, or none. */
function commonFolder(names: readonly string[]): string {
  const [first = ''] = names;
  const folder = first.slice(0, first.indexOf('/') + 1);
  return folder !== '' && names.every((name) => name.startsWith(folder)) ? folder : '';
}
