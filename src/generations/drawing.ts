/**
 * Carries one claimed generation through the pool. A sample exists when its three files are durable and its row,
 * its artifacts' rows and its event are committed together; a generation drawn again after a crash draws only the
 * samples that do not exist yet.
 */
import type { ArtifactStore } from '../artifacts/store.js';
import type { InferencePool, SampleRequest, SampleResult } from '../inference/index.js';
import { newId } from '../storage/identifiers.js';
import type { ArtifactRow, GenerationRow } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { createProgress } from './progress.js';
import { change } from './queue.js';
import { seedOf, strengthOf } from './request.js';
import { samplesOf } from './samples.js';

/** Handed to the pool at a time, so that generations that run together take turns and memory stays bounded. */
const CHUNK = 16;

export interface Drawing {
  readonly scope: TenantScope;
  readonly row: GenerationRow;
  readonly owner: string;
  readonly pool: InferencePool;
  readonly store: ArtifactStore;
  readonly signal: AbortSignal;
}

/** Storing a drawn sample failed; the disk or the database is at fault, not the engine. */
export class StorageFailed extends Error {
  override readonly name = 'StorageFailed';

  /** There is no room, which may change; nothing else is wrong. */
  get full(): boolean {
    return ['ENOSPC', 'EDQUOT'].includes((this.cause as NodeJS.ErrnoException).code ?? '');
  }
}

export async function drawGeneration(drawing: Drawing): Promise<void> {
  const { scope, row, owner } = drawing;
  const done = await samplesOf(scope).indexesOf(row.id);
  const missing = Array.from({ length: row.count }, (_, index) => index).filter((index) => !done.has(index));
  const progress = createProgress(drawing, done.size);
  try {
    for (let start = 0; start < missing.length; start += CHUNK) {
      await drawChunk(drawing, missing.slice(start, start + CHUNK), progress);
    }
  } finally {
    await progress.close();
  }
  const end = { status: 'SUCCEEDED', finishedAt: new Date(), stepsDone: row.count * row.settings.steps } as const;
  await change(scope, owner, row.id, end, { type: 'GenerationSucceeded' });
}

async function drawChunk(drawing: Drawing, indexes: readonly number[], progress: ReturnType<typeof createProgress>) {
  const { row, pool } = drawing;
  const requests = new Map(indexes.map((index) => [`${row.id}/${String(index)}`, index]));
  const failure = new AbortController();
  const stored: Promise<void>[] = [];
  const listener = {
    progress: (id: string, step: number) => progress.step(id, step),
    sample: (result: SampleResult) => {
      progress.sampleDrawn(result.id);
      stored.push(
        storeSample(drawing, requests.get(result.id) ?? -1, result).then(
          () => progress.sampleStored(),
          (error: unknown) => failure.abort(error),
        ),
      );
    },
  };
  const signal = AbortSignal.any([drawing.signal, failure.signal]);
  try {
    await pool.draw(
      [...requests].map(([id, index]) => requestOf(row, id, index)),
      listener,
      signal,
    );
  } catch (error) {
    if (!failure.signal.aborted) throw error;
  } finally {
    await Promise.all(stored);
  }
  failure.signal.throwIfAborted();
}

function requestOf({ settings, count }: GenerationRow, id: string, index: number): SampleRequest {
  const { bundle, product, defect, productScale, steps, sampler, guidance, maskMode } = settings;
  const seed = seedOf(settings, index);
  const strength = strengthOf(settings, index, count);
  return { id, bundle, product, defect, seed, strength, productScale, steps, sampler, guidance, maskMode };
}

async function storeSample({ scope, row, owner, store }: Drawing, index: number, result: SampleResult): Promise<void> {
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
  const [image, mask, overlay] = await allOrNone([file(result.image), file(result.mask), file(result.overlay)], remove);
  const sample = {
    id: newId(),
    generationId: row.id,
    productId: row.productId,
    defectId: row.defectId,
    index,
    seed: seedOf(row.settings, index),
    strength: strengthOf(row.settings, index, row.count),
    areaFraction: result.areaFraction,
    boundingBoxes: [...result.boundingBoxes],
    imageKey: image.key,
    maskKey: mask.key,
    overlayKey: overlay.key,
    createdAt,
  };
  const payload = { type: 'SampleReady', sampleId: sample.id } as const;
  const files = [image, mask, overlay];
  try {
    await change(scope, owner, row.id, { oneMoreSample: true }, payload, (tx) => samplesOf(tx).insert(sample, files));
  } catch (error) {
    await Promise.all(files.map(remove));
    throw error;
  }
}

/** Waits for every one; when one fails, undoes the others. */
async function allOrNone<T>(made: readonly [Promise<T>, Promise<T>, Promise<T>], undo: (value: T) => Promise<void>) {
  try {
    return await Promise.all(made);
  } catch (error) {
    for (const outcome of await Promise.allSettled(made)) if (outcome.status === 'fulfilled') await undo(outcome.value);
    throw error;
  }
}
