/**
 * What becomes of a drawn sample. It exists when its files are durable and its row, its artifacts' rows and its event are committed
 * together; one that is rejected leaves a row that says so.
 */
import type { ArtifactStore } from '../artifacts/store.js';
import { StoreUnavailable } from '../artifacts/store.js';
import type { FileRow } from '../artifacts/writing.js';
import { keep, writePictures } from '../artifacts/writing.js';
import type { SampleResult } from '../inference/index.js';
import { newId } from '../storage/identifiers.js';
import type { GenerationRow } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { isUnavailable } from '../storage/unavailable.js';
import { ClaimLost, change } from './queue.js';
import { rejectionsOf } from './rejections.js';
import { samplesOf } from './samples.js';
import { seedOf, strengthOf } from './strengths.js';

/** A generation that a worker holds. */
export interface Claim {
  readonly scope: TenantScope;
  readonly row: GenerationRow;
  readonly owner: string;
  readonly store: ArtifactStore;
}

export interface Try {
  readonly index: number;
  /** From 1. */
  readonly attempt: number;
}

/** A try, and what it is drawn on. */
export interface Origin extends Try {
  readonly referenceId: string | null;
  readonly baseSampleId: string | null;
}

/** Storing a drawn sample failed; the disk or the database is at fault, not the engine. */
export class StorageFailed extends Error {
  override readonly name = 'StorageFailed';

  /** There is no room, or the store is away, which may change; nothing else is wrong. */
  get passing(): boolean {
    return this.cause instanceof StoreUnavailable || isUnavailable(this.cause);
  }
}

export async function recordRejection({ scope, row, owner }: Claim, { index, attempt }: Try, { scores }: SampleResult) {
  const { visibility = 0, agreement = 0 } = scores ?? {};
  const seed = seedOf(row.settings, index, attempt, row.count);
  const rejection = { generationId: row.id, index, attempt, seed, visibility, agreement, createdAt: new Date() };
  // A rejected sample is progress too: whatever ended the process before, it was not this one.
  await change(scope, owner, row.id, { attempts: 0 }, null, (tx) => rejectionsOf(tx).insert(rejection));
}

export async function storeSample(
  { scope, row, owner, store }: Claim,
  { index, attempt, referenceId, baseSampleId }: Origin,
  result: SampleResult,
): Promise<void> {
  const { width, height } = result;
  const named = {
    image: result.image,
    mask: result.mask,
    overlay: result.overlay,
    region: result.region,
    twin: result.twin,
  };
  const drawn = Object.entries(named).flatMap(([name, png]) => (png === null ? [] : [{ name, png, width, height }]));
  const commit = async (files: readonly FileRow[]): Promise<void> => {
    const keys = new Map(drawn.map(({ name }, i) => [name, files[i]?.key]));
    const keyOf = (name: 'image' | 'mask' | 'overlay'): string => keys.get(name) ?? '';
    const sample = {
      id: newId(),
      generationId: row.id,
      productId: row.productId,
      defectId: row.defectId,
      index,
      seed: seedOf(row.settings, index, attempt, row.count),
      strength: strengthOf(row.settings, index, row.count),
      areaFraction: result.areaFraction,
      boundingBoxes: [...result.boundingBoxes],
      imageKey: keyOf('image'),
      maskKey: keyOf('mask'),
      overlayKey: keyOf('overlay'),
      createdAt: new Date(),
      attempt,
      referenceId,
      baseSampleId,
      regionKey: keys.get('region') ?? null,
      twinKey: keys.get('twin') ?? null,
      visibility: result.scores?.visibility ?? null,
      agreement: result.scores?.agreement ?? null,
      direction: result.scores?.direction ?? null,
      seam: result.scores?.seam ?? null,
      filling: result.scores?.filling ?? null,
    };
    const payload = { type: 'SampleReady', sampleId: sample.id } as const;
    await change(scope, owner, row.id, { oneMoreSample: true }, payload, async (tx) => {
      await keep(tx, files);
      await samplesOf(tx).insert(sample);
    });
  };
  try {
    await writePictures(scope, store, drawn, commit);
  } catch (error) {
    if (error instanceof ClaimLost) throw error;
    throw new StorageFailed(`a sample could not be stored: ${(error as Error).message}`, { cause: error });
  }
}
