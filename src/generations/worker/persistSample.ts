/**
 * Persists drawn samples. A sample exists when its files are durable and one transaction has committed its row, the rows of its
 * artifacts, and its event. A rejected draw leaves a row of its own.
 */
import type { ArtifactStore } from '../../artifacts/store.js';
import { StoreUnavailable } from '../../artifacts/store.js';
import type { NewArtifact } from '../../artifacts/writeArtifacts.js';
import { insertArtifacts, writeArtifacts } from '../../artifacts/writeArtifacts.js';
import type { SampleResult } from '../../inference/index.js';
import type { MarkImages } from '../../marking/markingThread.js';
import type { Provenance } from '../../marking/provenance.js';
import { sourceTypeOf } from '../../marking/provenance.js';
import { newId } from '../../storage/identifiers.js';
import type { NotHarmonizedReason } from '../../storage/jsonColumns.js';
import type { GenerationRow, NewSampleRow } from '../../storage/tables.js';
import { isDatabaseUnavailable } from '../../storage/databaseErrors.js';
import { ClaimLostError } from '../../queue/lease.js';
import type { ClaimedGeneration } from './claimGeneration.js';
import { newSample, updateClaimed } from './claimGeneration.js';
import { rejectedSamplesOf } from '../samples/rejectedSamples.js';
import { samplesOf } from '../samples/sampleRepository.js';
import type { SampleDraw } from '../samples/sampleDraw.js';
import { batchWrites } from './writeBatching.js';

/** A drawn sample could not be stored. The cause is the store or the database, not the engine. */
export class StorageFailedError extends Error {
  override readonly name = 'StorageFailedError';

  /** The disk is full, or the store or the database is unavailable. This may pass. */
  get transient(): boolean {
    return this.cause instanceof StoreUnavailable || isDatabaseUnavailable(this.cause);
  }
}

/** Records that a draw was rejected. @throws ClaimLostError */
export async function persistRejection(
  { scope, row, owner }: ClaimedGeneration,
  { index, draw, seed }: SampleDraw,
  { confidence, scores }: SampleResult,
): Promise<void> {
  const { visibility = null, agreement = null } = scores ?? {};
  const rejection = { generationId: row.id, index, attempt: draw, seed, visibility, agreement, confidence };
  await updateClaimed(scope, owner, row.id, newSample, [], (tx) =>
    rejectedSamplesOf(tx).insert({ ...rejection, createdAt: new Date() }),
  );
}

interface SampleWrite {
  readonly sample: NewSampleRow;
  readonly files: readonly NewArtifact[];
}

/** The reference and the sample that a sample is drawn on, and the donor of its defect. */
type InputImageIds = Pick<NewSampleRow, 'referenceId' | 'baseSampleId' | 'defectReferenceId' | 'donorSampleId'>;

/** @throws ClaimLostError @throws StorageFailedError */
export type PersistSample = (draw: SampleDraw, images: InputImageIds | null, result: SampleResult) => Promise<void>;

/** Samples whose files are written while another commit runs are committed together. */
export function createSamplePersister(
  { scope, row, owner }: ClaimedGeneration,
  store: ArtifactStore,
  markImages: MarkImages = async (images) => images,
): PersistSample {
  const commit = batchWrites<SampleWrite>((drawn) => {
    const samples = drawn.map(({ sample }) => sample);
    const payloads = samples.map(({ id }) => ({ type: 'SampleReady', sampleId: id }) as const);
    return updateClaimed(scope, owner, row.id, { moreSamples: drawn.length }, payloads, async (tx) => {
      await insertArtifacts(
        tx,
        drawn.flatMap(({ files }) => files),
      );
      await samplesOf(tx).insert(samples);
    });
  });

  return async (draw, inputImages, result) => {
    const { image, mask, overlay, region, ignore, twin, width, height } = result;
    const drawn = Object.entries({ image, mask, overlay, region, ignore, twin }).flatMap(([name, png]) =>
      png === null ? [] : [{ name, png }],
    );
    const id = newId();
    try {
      const marked = await markImages(
        drawn.map(({ png }) => png),
        provenanceOf(row, id, inputImages),
      );
      const pngFiles = marked.map((png) => ({ png, width, height }));
      await writeArtifacts(scope, store, pngFiles, (files) => {
        const keys = new Map(drawn.map(({ name }, i) => [name, files[i]?.key]));
        return commit({ sample: sampleRow(id, row, draw, inputImages, result, keys), files });
      });
    } catch (error) {
      if (error instanceof ClaimLostError) throw error;
      throw new StorageFailedError(`a sample could not be stored: ${(error as Error).message}`, { cause: error });
    }
  };
}

/** A sample on another one counts as drawn by a model, because the other one may be. */
function provenanceOf({ settings }: GenerationRow, sampleId: string, images: InputImageIds | null): Provenance {
  const { photograph, bundle } = settings;
  const transplant = photograph?.transplant ?? null;
  const harmonized = transplant === null || transplant.notHarmonized === null;
  const model = harmonized || photograph?.onTwin === true || images?.baseSampleId != null;
  const sourceType = sourceTypeOf({ model, photograph: transplant !== null || images?.referenceId != null });
  return { sampleId, sourceType, model: model ? bundle : null };
}

function sampleRow(
  id: string,
  row: GenerationRow,
  { index, draw, seed, strength }: SampleDraw,
  images: InputImageIds | null,
  { areaFraction, boundingBoxes, confidence, scores, transplant, allowedArea }: SampleResult,
  keys: ReadonlyMap<string, string | undefined>,
): NewSampleRow {
  return {
    id,
    generationId: row.id,
    productId: row.productId,
    defectId: row.defectId,
    index,
    seed,
    strength,
    areaFraction,
    boundingBoxes: [...boundingBoxes],
    imageKey: keys.get('image') ?? '',
    maskKey: keys.get('mask') ?? '',
    overlayKey: keys.get('overlay') ?? '',
    createdAt: new Date(),
    attempt: draw,
    referenceId: images?.referenceId ?? null,
    baseSampleId: images?.baseSampleId ?? null,
    defectReferenceId: images?.defectReferenceId ?? null,
    donorSampleId: images?.donorSampleId ?? null,
    transplant: transplant === null ? null : { ...transplant, notHarmonized: notHarmonized(row) },
    regionKey: keys.get('region') ?? null,
    twinKey: keys.get('twin') ?? null,
    ignoreKey: keys.get('ignore') ?? null,
    allowedArea,
    confidence,
    visibility: scores?.visibility ?? null,
    agreement: scores?.agreement ?? null,
    direction: scores?.direction ?? null,
    seam: scores?.seam ?? null,
    filling: scores?.filling ?? null,
  };
}

function notHarmonized({ settings }: GenerationRow): NotHarmonizedReason | null {
  return settings.photograph?.transplant?.notHarmonized ?? null;
}
