/** Finds the files in which tools and data sets write annotations, by what they contain: other JSON, XML, and CSV files may lie beside. */
import type { Archive } from '../openArchive.js';

export const KINDS = ['Severstal', 'CVAT', 'Pascal VOC', 'COCO', 'YOLO', 'labelme'] as const;
export type Kind = (typeof KINDS)[number];

const LABELS = /(^|\/)labels\/(?!(?:.*\/)?classes\.txt$).*\.txt$/i;
/** Bytes of a file that say what it is. */
const HEAD = 4_000;

/** In the order of `KINDS`; those of which there is none are left out. */
export async function annotationFiles(archive: Archive): Promise<ReadonlyMap<Kind, readonly string[]>> {
  const kinds = new Map<string, Kind>();
  for (const name of archive.names) {
    const kind = LABELS.test(name) ? 'YOLO' : await kindOf(archive, name);
    if (kind !== undefined) kinds.set(name, kind);
  }
  const found = Map.groupBy(kinds.keys(), (name) => kinds.get(name) as Kind);
  return new Map(KINDS.flatMap((kind) => (found.has(kind) ? [[kind, found.get(kind) ?? []] as const] : [])));
}

async function kindOf(archive: Archive, name: string): Promise<Kind | undefined> {
  if (/(^|\/)train\.csv$/.test(name)) {
    const [head = ''] = textOf(await archive.read(name)).split('\n', 1);
    return head.includes('EncodedPixels') ? 'Severstal' : undefined;
  }
  if (/\.xml$/i.test(name)) {
    const head = textOf(await archive.read(name));
    if (head.includes('<annotations')) return 'CVAT';
    // LabelImg writes <annotation verified="yes">.
    return /<annotation[\s>]/.test(head) && /<bndbox>|<object[\s>]/.test(head) ? 'Pascal VOC' : undefined;
  }
  if (!/\.json$/i.test(name)) return undefined;
  const content = await archive.read(name);
  const has = (key: string): boolean => content.includes(`"${key}"`);
  if (has('images') && has('annotations') && has('categories')) return 'COCO';
  return has('shapes') && has('imageWidth') ? 'labelme' : undefined;
}

const textOf = (content: Buffer): string => content.toString('utf8', 0, HEAD);
