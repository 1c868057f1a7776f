/**
 * Adds the tenant's defective photographs to an archive, whole and as they are stored: a transplant has the size of the photograph that
 * it lies on, and a trainer cuts its windows anew in every epoch. One picture is in memory at a time. A damaged one is left out, and named.
 */
import type { ArtifactStore } from '../artifacts/store.js';
import type { ExportRow } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { Annotator } from './annotationsThread.js';
import { AnnotationError } from './annotationsThread.js';
import type { ExportManifest } from './exportManifest.js';
import type { ExportedPhotograph } from './exportedPhotographs.js';
import { exportedPhotographs } from './exportedPhotographs.js';
import { labelledAnnotations } from './labelledAnnotations.js';
import type { FilePaths, LabelledAnnotation, Layout } from './layouts/layout.js';
import { DamagedImage, readImage } from './readImage.js';

export interface PhotographWriterOptions {
  readonly scope: TenantScope;
  readonly row: ExportRow;
  readonly store: ArtifactStore;
  readonly signal: AbortSignal;
  readonly layout: Layout;
  readonly manifest: ExportManifest;
  readonly annotator: Annotator;
}

export interface WrittenPhotographs {
  readonly count: number;
  /** The ids of those that are damaged. */
  readonly skipped: readonly string[];
}

export async function writePhotographs(options: PhotographWriterOptions): Promise<WrittenPhotographs> {
  const { scope, row, signal, layout, manifest } = options;
  const skipped: string[] = [];
  let count = 0;
  for await (const alike of exportedPhotographs(scope, row)) {
    // A layout without outlines has a folder and a mask for each defect.
    const images = layout.segmentation === undefined ? alike.map((one) => [one] as const) : [alike];
    for (const image of images) {
      signal.throwIfAborted();
      try {
        const files = await addImage(options, image);
        for (const each of image) await manifest.defectivePhotograph(each, files);
        count += image.length;
      } catch (error) {
        if (!(error instanceof DamagedImage || error instanceof AnnotationError)) throw error;
        for (const each of image) await manifest.skippedPhotograph(each, error.message);
        skipped.push(...image.map(({ reference }) => reference.id));
      }
    }
  }
  return { count, skipped };
}

/** Nothing is written before all of it is read. */
async function addImage(
  { scope, store, layout, annotator }: PhotographWriterOptions,
  photographs: readonly ExportedPhotograph[],
): Promise<FilePaths> {
  const [first] = photographs;
  if (first === undefined) throw new Error('a photograph without a defect was exported as a defective one');
  const { reference, product, defect, heldOut } = first;
  const image = await readImage(store, scope.tenantId, reference.artifactKey);
  const annotations: LabelledAnnotation[] = [];
  let mask = image;
  for (const photograph of photographs) {
    mask = await readImage(store, scope.tenantId, photograph.mask.artifactKey);
    annotations.push(...(await labelledAnnotations(layout, annotator, photograph.defect.code, mask)));
  }
  return layout.defective({
    name: `photograph_${reference.id}`,
    origin: 'REAL',
    heldOut,
    partNumber: product.partNumber,
    defectCode: defect.code,
    image,
    mask,
    width: reference.width,
    height: reference.height,
    annotations,
  });
}
