/**
 * Carries one claimed generation through the pool. A sample exists when its files are durable and its row,
 * its artifacts' rows and its event are committed together; a generation drawn again after a crash draws only the
 * samples that do not exist yet.
 */
import type { ArtifactStore } from '../artifacts/store.js';
import type { InferencePool, PhotographRequest, SampleRequest, SampleResult } from '../inference/index.js';
import { newId } from '../storage/identifiers.js';
import type { ArtifactRow, GenerationRow } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { Materials } from './materials.js';
import { materialsOf } from './materials.js';
import type { Progress } from './progress.js';
import { createProgress } from './progress.js';
import { isGoodEnough } from './quality.js';
import { change } from './queue.js';
import { rejectionsOf } from './rejections.js';
import { samplesOf } from './samples.js';
import { seedOf, strengthOf } from './strengths.js';

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

/** Some samples did not reach the policy however often they were drawn; those that did are kept. */
export class QualityNotReached extends Error {
  override readonly name = 'QualityNotReached';

  constructor(row: GenerationRow, missing: number) {
    const { minimumVisibility, minimumAgreement, maximumAttempts } = row.settings.quality ?? {};
    super(
      `${String(missing)} of ${String(row.count)} samples did not reach visibility ${String(minimumVisibility)} and agreement ` +
        `${String(minimumAgreement)} in ${String(maximumAttempts)} attempts each; ask for a higher strength or a larger region, or lower the bounds`,
    );
  }
}

interface Try {
  readonly index: number;
  /** From 1. */
  readonly attempt: number;
}

/** A try, and what it is drawn on. */
interface Origin extends Try {
  readonly referenceId: string | null;
  readonly baseSampleId: string | null;
}

export async function drawGeneration(drawing: Drawing): Promise<void> {
  const { scope, row, owner } = drawing;
  const done = await samplesOf(scope).indexesOf(row.id);
  const rejected = await rejectionsOf(scope).attemptsOf(row.id);
  const most = row.settings.quality?.maximumAttempts ?? 1;
  const tries = Array.from({ length: row.count }, (_, index) => ({ index, attempt: (rejected.get(index) ?? 0) + 1 }));
  let missing = tries.filter(({ index, attempt }) => !done.has(index) && attempt <= most);
  let givenUp = tries.filter(({ index, attempt }) => !done.has(index) && attempt > most).length;
  const progress = createProgress(drawing, done.size);
  const materials = materialsOf(scope, drawing.store, row.settings);
  try {
    while (missing.length > 0) {
      const again = await drawChunk(drawing, materials, missing.slice(0, CHUNK), progress);
      const next = again.map(({ index, attempt }) => ({ index, attempt: attempt + 1 }));
      givenUp += next.filter(({ attempt }) => attempt > most).length;
      missing = [...missing.slice(CHUNK), ...next.filter(({ attempt }) => attempt <= most)];
    }
  } finally {
    await progress.close();
  }
  if (givenUp > 0) throw new QualityNotReached(row, givenUp);
  const end = { status: 'SUCCEEDED', finishedAt: new Date(), stepsDone: row.count * row.settings.steps } as const;
  await change(scope, owner, row.id, end, { type: 'GenerationSucceeded' });
}

/** Gives the tries that were rejected. */
async function drawChunk(
  drawing: Drawing,
  materials: Materials,
  tries: readonly Try[],
  progress: Progress,
): Promise<readonly Try[]> {
  const { row, pool } = drawing;
  const requests: SampleRequest[] = [];
  const origins = new Map<string, Origin>();
  for (const one of tries) {
    const material = await materials(one.index);
    const request = requestOf(row, one, material?.request ?? null);
    requests.push(request);
    const { referenceId = null, baseSampleId = null } = material ?? {};
    origins.set(request.id, { ...one, referenceId, baseSampleId });
  }
  const failure = new AbortController();
  const stored: Promise<void>[] = [];
  const rejected: Try[] = [];
  const listener = {
    progress: (id: string, step: number) => progress.step(id, step),
    sample: (result: SampleResult) => {
      const one = origins.get(result.id) as Origin;
      // At strength 0 nothing is to be seen, and that is what was asked for.
      const asked = strengthOf(row.settings, one.index, row.count);
      const kept = asked === 0 || isGoodEnough(result.scores, row.settings.quality);
      if (!kept) rejected.push(one);
      progress.sampleDrawn(result.id, kept);
      const storing = kept
        ? storeSample(drawing, one, result).then(() => progress.sampleStored())
        : recordRejection(drawing, one, result);
      stored.push(storing.catch((error: unknown) => failure.abort(error)));
    },
  };
  const signal = AbortSignal.any([drawing.signal, failure.signal]);
  try {
    await pool.draw(requests, listener, signal);
  } catch (error) {
    if (!failure.signal.aborted) throw error;
  } finally {
    await Promise.all(stored);
  }
  failure.signal.throwIfAborted();
  return rejected;
}

function requestOf(
  { id, settings, count }: GenerationRow,
  { index, attempt }: Try,
  photograph: PhotographRequest | null,
): SampleRequest {
  const { bundle, product, defect, productScale, steps, sampler, guidance, maskMode, twin = false } = settings;
  return {
    id: `${id}/${String(index)}`,
    bundle,
    product,
    defect,
    seed: seedOf(settings, index, attempt, count),
    strength: strengthOf(settings, index, count),
    productScale,
    steps,
    sampler,
    guidance,
    maskMode,
    twin,
    photograph,
  };
}

async function recordRejection({ scope, row, owner }: Drawing, { index, attempt }: Try, { scores }: SampleResult) {
  const { visibility = 0, agreement = 0 } = scores ?? {};
  const seed = seedOf(row.settings, index, attempt, row.count);
  const rejection = { generationId: row.id, index, attempt, seed, visibility, agreement, createdAt: new Date() };
  // A rejected sample is progress too: whatever ended the process before, it was not this one.
  await change(scope, owner, row.id, { attempts: 0 }, null, (tx) => rejectionsOf(tx).insert(rejection));
}

async function storeSample(
  { scope, row, owner, store }: Drawing,
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
