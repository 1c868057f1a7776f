/**
 * Carries one claimed generation through the pool. One that is drawn again after a crash draws only the samples that do not
 * exist yet, and none that was rejected.
 */
import type { InferencePool, PhotographRequest, SampleRequest, SampleResult } from '../inference/index.js';
import type { GenerationRow } from '../storage/tables.js';
import type { Materials } from './materials.js';
import { materialsOf } from './materials.js';
import type { Progress } from './progress.js';
import { createProgress } from './progress.js';
import { observeDraw } from './observed.js';
import { isGoodEnough } from './quality.js';
import { change } from './queue.js';
import { rejectionsOf } from './rejections.js';
import { samplesOf } from './samples.js';
import type { Claim, Origin, Try } from './storing.js';
import { recordRejection, storeSample } from './storing.js';
import { seedOf, strengthOf } from './strengths.js';

/** Handed to the pool at a time, so that generations that run together take turns and memory stays bounded. */
const CHUNK = 16;

export interface Drawing extends Claim {
  readonly pool: InferencePool;
  readonly signal: AbortSignal;
  /** A sample was drawn, kept or not. */
  drawn(): void;
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
  const observer = observeDraw(row);
  const listener = {
    started: observer.started,
    progress: (id: string, step: number) => progress.step(id, step),
    sample: (result: SampleResult) => {
      const one = origins.get(result.id) as Origin;
      drawing.drawn();
      // At strength 0 nothing is to be seen, and that is what was asked for.
      const asked = strengthOf(row.settings, one.index, row.count);
      const kept = asked === 0 || isGoodEnough(result.scores, row.settings.quality);
      if (!kept) rejected.push(one);
      progress.sampleDrawn(result.id, kept);
      const storing = observer.drawn(result, async () => {
        if (!kept) return recordRejection(drawing, one, result);
        await storeSample(drawing, one, result);
        progress.sampleStored();
      });
      stored.push(storing.catch((error: unknown) => failure.abort(error)));
    },
  };
  const signal = AbortSignal.any([drawing.signal, failure.signal]);
  try {
    requests.forEach(observer.begun);
    await pool.draw(requests, listener, signal);
  } catch (error) {
    observer.close(error);
    if (!failure.signal.aborted) throw error;
  } finally {
    await Promise.all(stored);
  }
  failure.signal.throwIfAborted();
  return rejected;
}

function requestOf(
  { id, tenantId, settings, count, priority }: GenerationRow,
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
    share: tenantId,
    priority,
    twin,
    photograph,
  };
}
