/** Finds out in which layout an archive is, by what it contains, and reads it. */
import { joinNames, quote } from '../../errors.js';
import { productOf, readAnnotatedLayout } from './annotations/annotatedLayout.js';
import { dagm } from './layouts/dagm.js';
import type { FolderLayout } from './layouts/folderLayout.js';
import { readFolderLayout } from './layouts/folderLayout.js';
import { kolektorSdd2 } from './layouts/kolektorSdd2.js';
import { readManifest } from './layouts/manifest.js';
import type { MvtecLayout } from './layouts/mvtecAd.js';
import { isMvtecAd, readMvtecAd } from './layouts/mvtecAd.js';
import { mvtec3d } from './layouts/mvtec3d.js';
import { mvtecAd2 } from './layouts/mvtecAd2.js';
import { realIad } from './layouts/realIad.js';
import { visa } from './layouts/visa.js';
import type { Archive } from './openArchive.js';
import type { Layout } from './packed.js';
import { IMAGE, OTHER_IMAGE } from './packed.js';
import type { Problems } from './problems.js';

const MAX_MANIFEST_BYTES = 2 ** 20;
/** The first that has a sign in an archive reads it, as in training/defectdiffu/convert/formats.py. */
const FOLDER_LAYOUTS: readonly FolderLayout[] = [mvtecAd2, mvtec3d, visa, realIad, kolektorSdd2, dagm];
const MVTEC_AD = 'MVTec AD';
const READ = [
  `${MVTEC_AD} and its like (BTAD, MVTec LOCO)`,
  ...FOLDER_LAYOUTS.map(({ title }) => title),
  ...['Severstal', 'COCO', 'YOLO segmentation', 'labelme', 'CVAT for images'],
];
/** A folder of masks, which annotation tools do not write. */
const MASKS = /(^|\/)ground_truth\//;

/**
 * Adds everything that is wrong with the layout to `problems`.
 * @param product of the upload: its part number
 */
export async function readLayout(archive: Archive, product: string | undefined, problems: Problems): Promise<Layout> {
  const { names } = archive;
  for (const name of names.filter((one) => OTHER_IMAGE.test(one)))
    problems.add(`${name}: is of a type that is not read: save it as PNG, or remove it`);
  const images = names.filter((name) => IMAGE.test(name));
  const [layout] = FOLDER_LAYOUTS.filter(({ sign }) => images.some((name) => sign.test(name)));
  if (layout !== undefined) {
    const other = otherLayout(layout, images);
    if (other !== undefined) return unread(problems, other);
    const read = readFolderLayout(layout, names, (root) => product ?? productOf(root, problems), problems);
    if (layout.namesNoProduct !== true) requireNone(product, problems);
    return read;
  }
  const annotated = images.some((name) => MASKS.test(name))
    ? undefined
    : await readAnnotatedLayout(archive, product, problems);
  if (annotated !== undefined) return annotated;
  if (images.length > 0 && !images.some(isMvtecAd)) return unread(problems, unknown(images));
  const read = readMvtecAd(names, problems);
  requireNone(product, problems);
  return { ...read, tested: await listedForTesting(archive, read, problems) };
}

/** What is wrong if some photographs are in another layout. */
function otherLayout({ title, sign, roleOf }: FolderLayout, images: readonly string[]): string | undefined {
  const outside = images.filter((name) => roleOf(name) === undefined);
  const others = [...FOLDER_LAYOUTS, { title: MVTEC_AD, sign: { test: isMvtecAd } }];
  for (const other of others.filter((one) => one.title !== title)) {
    const file = outside.find((name) => other.sign.test(name));
    if (file !== undefined)
      return `it has files of several layouts, of ${title} (${images.find((name) => sign.test(name)) ?? ''}) and of ${other.title} (${file}): make an archive of each`;
  }
  return undefined;
}

function unread(problems: Problems, problem: string): Layout {
  problems.add(problem);
  return { photographs: [], root: '', namedBy: 'folder', tested: undefined };
}

function unknown(images: readonly string[]): string {
  const folders = new Set(images.map((name) => name.slice(0, name.lastIndexOf('/') + 1)));
  const found = joinNames(
    [...folders].map((folder) => (folder === '' ? 'no folder' : quote(folder))),
    3,
  );
  return `it is in no layout that is read: its photographs lie in ${found}. These are read: ${READ.join(', ')}`;
}

function requireNone(product: string | undefined, problems: Problems): void {
  if (product !== undefined)
    problems.add('its folders name the products, and the upload has a partNumber: create one without it');
}

async function listedForTesting(
  archive: Archive,
  layout: MvtecLayout,
  problems: Problems,
): Promise<ReadonlySet<string> | undefined> {
  const { manifest } = layout;
  if (manifest === undefined) return undefined;
  const content = await archive.read(manifest);
  if (content.length <= MAX_MANIFEST_BYTES) return readManifest(content.toString('utf8'), layout, problems);
  problems.add(`${manifest}: has ${String(content.length)} bytes; at most ${String(MAX_MANIFEST_BYTES)} are allowed`);
  return new Set();
}
