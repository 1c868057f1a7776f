/**
 * Writes the archive of an export to a file, sample by sample, with one image in memory at a time. The same export always has the same
 * entries. A sample whose stored pictures are damaged is left out, and named in the manifest.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { ArtifactStore } from '../artifacts/store.js';
import type { ExportRow } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { Annotator } from './annotationsThread.js';
import { AnnotationError, createAnnotator } from './annotationsThread.js';
import type { ExportedSample, ExportVocabulary } from './exportedSamples.js';
import { exportedSamples, exportVocabulary } from './exportedSamples.js';
import { cocoLayout } from './layouts/coco.js';
import type { FilePaths, Layout, LayoutImage, LayoutOptions, Origin } from './layouts/layout.js';
import { mvtecLayout } from './layouts/mvtec.js';
import { yoloLayout } from './layouts/yolo.js';
import type { ExportManifest, LicenceOf } from './exportManifest.js';
import { createExportManifest } from './exportManifest.js';
import { labelledAnnotations } from './labelledAnnotations.js';
import { DamagedImage, readImage } from './readImage.js';
import type { Sidecar } from './sidecar.js';
import { createSidecar } from './sidecar.js';
import type { JsonListFile } from './jsonListFile.js';
import { createJsonListFile } from './jsonListFile.js';
import type { WrittenFile } from '../artifacts/zipWriter.js';
import { createZipWriter } from '../artifacts/zipWriter.js';
import { writePhotographs } from './writePhotographs.js';

const LAYOUTS: Record<ExportRow['format'], (parts: LayoutOptions) => Layout> = {
  MVTEC_AD: mvtecLayout,
  COCO: cocoLayout,
  YOLO_SEGMENTATION: yoloLayout,
};

export interface ArchiveOptions {
  readonly scope: TenantScope;
  readonly row: ExportRow;
  readonly store: ArtifactStore;
  readonly version: string;
  readonly licenceOf: LicenceOf;
  readonly signal: AbortSignal;
  /** Called after each sample with the number of samples in the archive. */
  readonly onProgress: (samples: number) => void;
}

export interface WrittenArchive extends WrittenFile {
  readonly samples: number;
  readonly photographs: number;
  /** The ids of samples and photographs whose pictures are damaged. */
  readonly skipped: readonly string[];
}

/** `file` must not exist yet. It does not exist when this throws. */
export async function writeArchive(parts: ArchiveOptions, file: string): Promise<WrittenArchive> {
  const { scope, row, store, signal } = parts;
  const { heldOutReferences, ...vocabulary } = await exportVocabulary(scope, row);
  const zip = createZipWriter(file, row.createdAt);
  const listFiles: JsonListFile[] = [];
  const listFile = (name: string): JsonListFile => {
    const made = createJsonListFile(`${file}.${name}`);
    listFiles.push(made);
    return made;
  };
  const { settings, createdAt } = row;
  const layout = LAYOUTS[row.format]({ zip, listFile, settings, ...vocabulary, createdAt });
  const manifest = createExportManifest({ ...parts, zip, listFile, classes: vocabulary.classes });
  const sidecar = createSidecar(zip, listFile);
  const normals = createNormalWriter(parts, layout, manifest, heldOutReferences);
  const annotator = createAnnotator();
  const skipped: string[] = [];
  let samples = 0;
  try {
    const photographs = await writePhotographs({ scope, row, store, signal, layout, manifest, annotator });
    for await (const entry of exportedSamples(scope, row)) {
      signal.throwIfAborted();
      const skip = async (reason: string): Promise<void> => {
        skipped.push(entry.sample.id);
        await manifest.skipped(entry, reason);
      };
      if (
        await orSkip(skip, async () =>
          manifest.sample(entry, await addSample(parts, layout, sidecar, annotator, entry)),
        )
      ) {
        if (settings.normals) await normals.add(entry, (reason) => manifest.skipped(entry, reason));
        parts.onProgress(++samples);
      }
    }
    await layout.end();
    await sidecar.end();
    if (samples === 0 && skipped.length > 0)
      throw new DamagedImage(`all samples are damaged; the first is ${skipped[0] ?? ''}`);
    skipped.push(...photographs.skipped);
    await manifest.end({
      samples,
      photographs: photographs.count,
      normals: normals.count(),
      skipped: skipped.length,
    });
    return { ...(await zip.end()), samples, photographs: photographs.count, skipped };
  } catch (error) {
    await zip.abandon();
    await rm(file, { force: true });
    throw error;
  } finally {
    await annotator.close();
    for (const each of listFiles) await each.remove();
  }
}

/** Returns false if a picture is damaged. Nothing was written to the archive then. */
async function orSkip(skip: (reason: string) => Promise<void>, add: () => Promise<void>): Promise<boolean> {
  try {
    await add();
    return true;
  } catch (error) {
    if (!(error instanceof DamagedImage || error instanceof AnnotationError)) throw error;
    await skip(error.message);
    return false;
  }
}

async function addSample(
  { scope, store }: ArchiveOptions,
  layout: Layout,
  sidecar: Sidecar,
  annotator: Annotator,
  entry: ExportedSample,
): Promise<FilePaths> {
  const { sample, product, defect, heldOut } = entry;
  const mask = await readImage(store, scope.tenantId, sample.maskKey);
  const image = await readImage(store, scope.tenantId, sample.imageKey);
  const ignore = sample.ignoreKey === null ? null : await readImage(store, scope.tenantId, sample.ignoreKey);
  const name = sample.id;
  const { width, height } = await sharp(mask).metadata();
  const files = await layout.defective({
    name,
    origin: 'SYNTHETIC',
    heldOut,
    partNumber: product.partNumber,
    defectCode: defect.code,
    image,
    mask,
    width,
    height,
    annotations: await labelledAnnotations(layout, annotator, defect.code, mask),
  });
  await sidecar.add(name, files, sample, ignore);
  return files;
}

/** Adds the images without a defect: the twin of each scene and each photograph, once. */
function createNormalWriter(
  { scope, store }: ArchiveOptions,
  layout: Layout,
  manifest: ExportManifest,
  heldOutReferences: ExportVocabulary['heldOutReferences'],
) {
  const photographs = new Set<string>();
  let [count, generation, seeds] = [0, '', new Set<number>()];

  async function add(entry: ExportedSample, skip: (reason: string) => Promise<void>): Promise<void> {
    await orSkip(skip, () => addTwin(entry));
    await orSkip(skip, () => addPhotograph(entry));
  }

  /** The samples in one row of a sweep have the same seed and so the same twin. */
  async function addTwin(entry: ExportedSample): Promise<void> {
    const { sample, heldOut } = entry;
    if (sample.generationId !== generation) [generation, seeds] = [sample.generationId, new Set()];
    if (sample.twinKey === null || seeds.has(sample.seed)) return;
    seeds.add(sample.seed);
    await manifest.twin(
      entry,
      await layout.normal(await normalImage(entry, 'SYNTHETIC', sample.twinKey, heldOut, twinName(sample))),
    );
  }

  async function addPhotograph(entry: ExportedSample): Promise<void> {
    const { reference } = entry;
    if (reference === null || photographs.has(reference.id)) return;
    photographs.add(reference.id);
    const heldOut = heldOutReferences.has(reference.id);
    const files = await layout.normal(
      await normalImage(entry, 'REAL', reference.artifactKey, heldOut, `photograph_${reference.id}`),
    );
    await manifest.photograph(entry, reference, heldOut, files);
  }

  async function normalImage(
    { product }: ExportedSample,
    origin: Origin,
    key: string,
    heldOut: boolean,
    name: string,
  ): Promise<LayoutImage> {
    const image = await readImage(store, scope.tenantId, key);
    const { width, height } = await sharp(image).metadata();
    count++;
    return { name, origin, heldOut, partNumber: product.partNumber, image, width, height };
  }

  return { add, count: () => count };
}

/** The same for all samples of a scene, whichever of them an export has. */
function twinName({ generationId, seed }: ExportedSample['sample']): string {
  return `twin_${generationId}_${String(seed)}`;
}

/** The file that an attempt writes the archive to. */
export function draftPath(store: ArtifactStore, owner: string, { id, attempts }: ExportRow): string {
  return join(store.temporary, `export-${id}-${String(attempts)}-${owner}`);
}
