/**
 * What becomes of a drawn sample. It exists when its files are durable and its row, its artifacts' rows and its event are committed
 * together; one that is rejected leaves a row that says so.
 */
import type { ArtifactStore } from '../artifacts/store.js';
import type { SampleResult } from '../inference/index.js';
import { newId } from '../storage/identifiers.js';
import type { ArtifactRow, GenerationRow } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { change } from './queue.js';
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

  /** There is no room, which may change; nothing else is wrong. */
  get full(): boolean {
    return ['ENOSPC', 'EDQUOT'].includes((this.cause as NodeJS.ErrnoException).code ?? '');
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
  const createdAt = new Date();
  const remove = ({ key }: { key: string }): Promise<void> => store.remove(scope.tenantId, key);
  const file = async (bytes: Uint8Array): Promise<Omit<ArtifactRow, 'tenantId'>> => ({
    key: await store.put(scope.tenantId, 'png', bytes).catch((error: unknown) => {
      throw new StorageFailed(`a sample could not be written: ${(error as Error).message}`, { cause: error });
    }),
    contentType: 'image/png',
    width: result.width,
    height: result.height,
    bytes: bytes.byteLength,
    createdAt,
  });
  const maybe = (bytes: Uint8Array | null) => (bytes === null ? Promise.resolve(null) : file(bytes));
  const made = [file(result.image), file(result.mask), file(result.overlay), maybe(result.region), maybe(result.twin)];
  const written = await allOrNone(made, async (each) => {
    if (each !== null) await remove(each);
  });
  const [image, mask, overlay, region, twin] = written;
  if (image == null || mask == null || overlay == null) throw new Error('a written file is not there');
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
    imageKey: image.key,
    maskKey: mask.key,
    overlayKey: overlay.key,
    createdAt,
    attempt,
    referenceId,
    baseSampleId,
    regionKey: region?.key ?? null,
    twinKey: twin?.key ?? null,
    visibility: result.scores?.visibility ?? null,
    agreement: result.scores?.agreement ?? null,
    direction: result.scores?.direction ?? null,
    seam: result.scores?.seam ?? null,
    filling: result.scores?.filling ?? null,
  };
  const payload = { type: 'SampleReady', sampleId: sample.id } as const;
  const files = written.filter((each) => each !== null);
  try {
    await change(scope, owner, row.id, { oneMoreSample: true }, payload, (tx) => samplesOf(tx).insert(sample, files));
  } catch (error) {
    await Promise.all(files.map(remove));
    throw error;
  }
}

/** Waits for every one; when one fails, undoes the others. */
async function allOrNone<T>(made: readonly Promise<T>[], undo: (value: T) => Promise<void>): Promise<T[]> {
  try {
    return await Promise.all(made);
  } catch (error) {
    for (const outcome of await Promise.allSettled(made)) if (outcome.status === 'fulfilled') await undo(outcome.value);
    throw error;
  }
}
