/**
 * What becomes of a drawn sample. It exists when its files are durable and its row, its artifacts' rows and its event are committed
 * together; one that is rejected leaves a row that says so.
 */
import type { ArtifactStore } from '../../artifacts/store.js';
import { StoreUnavailable } from '../../artifacts/store.js';
import type { NewArtifact } from '../../artifacts/writeArtifacts.js';
import { insertArtifacts, writeArtifacts } from '../../artifacts/writeArtifacts.js';
import type { SampleResult } from '../../inference/index.js';
import { newId } from '../../storage/identifiers.js';
import type { GenerationRow } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import { isDatabaseUnavailable } from '../../storage/databaseErrors.js';
import { ClaimLostError } from '../../queue/lease.js';
import { newSample, updateClaimed } from '../worker/claimGeneration.js';
import { rejectedSamplesOf } from './rejectedSamples.js';
import { samplesOf } from './sampleRepository.js';
import { seedOf, strengthOf } from '../sampleParameters.js';
import { batchWrites } from './writeBatching.js';

/** A generation that a worker holds. */
export interface ClaimedGeneration {
  readonly scope: TenantScope;
  readonly row: GenerationRow;
  readonly owner: string;
  readonly store: ArtifactStore;
}

export interface SampleDraw {
  readonly index: number;
  /** From 1. */
  readonly draw: number;
}

/** A try, and what it is drawn on. */
export interface SampleOrigin extends SampleDraw {
  readonly referenceId: string | null;
  readonly baseSampleId: string | null;
}

/** Storing a drawn sample failed; the disk or the database is at fault, not the engine. */
export class StorageFailedError extends Error {
  override readonly name = 'StorageFailedError';

  /** There is no room, or the store is away, which may change; nothing else is wrong. */
  get transient(): boolean {
    return this.cause instanceof StoreUnavailable || isDatabaseUnavailable(this.cause);
  }
}

export async function recordRejection(
  { scope, row, owner }: ClaimedGeneration,
  { index, draw }: SampleDraw,
  { confidence, scores }: SampleResult,
) {
  const { visibility = null, agreement = null } = scores ?? {};
  const seed = seedOf(row.settings, index, draw, row.count);
  const rejection = {
    generationId: row.id,
    index,
    attempt: draw,
    seed,
    visibility,
    agreement,
    confidence,
    createdAt: new Date(),
  };
  await updateClaimed(scope, owner, row.id, newSample, [], (tx) => rejectedSamplesOf(tx).insert(rejection));
}

type NewSample = Parameters<ReturnType<typeof samplesOf>['insert']>[0][number];

interface PendingSample {
  readonly sample: NewSample;
  readonly files: readonly NewArtifact[];
}

export type PersistSample = (origin: SampleOrigin, result: SampleResult) => Promise<void>;

/** Of one claim. Samples whose files are written while others are committed are committed together. */
export function createSamplePersister({ scope, row, owner, store }: ClaimedGeneration): PersistSample {
  const commit = batchWrites<PendingSample>((drawn) => {
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

  return async (origin, result) => {
    const { image, mask, overlay, region, twin, width, height } = result;
    const drawn = Object.entries({ image, mask, overlay, region, twin }).flatMap(([name, png]) =>
      png === null ? [] : [{ name, png, width, height }],
    );
    try {
      await writeArtifacts(scope, store, drawn, (files) => {
        const keys = new Map(drawn.map(({ name }, i) => [name, files[i]?.key]));
        return commit({ sample: sampleRow(row, origin, result, keys), files });
      });
    } catch (error) {
      if (error instanceof ClaimLostError) throw error;
      throw new StorageFailedError(`a sample could not be stored: ${(error as Error).message}`, { cause: error });
    }
  };
}

function sampleRow(
  row: GenerationRow,
  { index, draw, referenceId, baseSampleId }: SampleOrigin,
  { areaFraction, boundingBoxes, confidence, scores }: SampleResult,
  keys: ReadonlyMap<string, string | undefined>,
): NewSample {
  return {
    id: newId(),
    generationId: row.id,
    productId: row.productId,
    defectId: row.defectId,
    index,
    seed: seedOf(row.settings, index, draw, row.count),
    strength: strengthOf(row.settings, index, row.count),
    areaFraction,
    boundingBoxes: [...boundingBoxes],
    imageKey: keys.get('image') ?? '',
    maskKey: keys.get('mask') ?? '',
    overlayKey: keys.get('overlay') ?? '',
    createdAt: new Date(),
    attempt: draw,
    referenceId,
    baseSampleId,
    regionKey: keys.get('region') ?? null,
    twinKey: keys.get('twin') ?? null,
    confidence,
    visibility: scores?.visibility ?? null,
    agreement: scores?.agreement ?? null,
    direction: scores?.direction ?? null,
    seam: scores?.seam ?? null,
    filling: scores?.filling ?? null,
  };
}
