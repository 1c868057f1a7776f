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
import type { DrawObserver } from './observed.js';
import { observeDraw } from './observed.js';
import { isGoodEnough } from './quality.js';
import { change } from './queue.js';
import { rejectionsOf } from './rejections.js';
import { samplesOf } from './samples.js';
import type { Claim, StoreSample, Try } from './storing.js';
import { recordRejection, storeSamples } from './storing.js';
import { seedOf, strengthOf } from './strengths.js';

/**
 * Samples of one generation that are with the pool, or being stored, at a time: enough for a device to fill its batches while others
 * are stored, and few enough that generations that run together take turns and memory stays bounded.
 */
const IN_HAND = 16;

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
    const {
      minimumVisibility = 0,
      minimumAgreement = 0,
      minimumConfidence = 0,
      maximumAttempts,
    } = row.settings.quality ?? {};
    const bounds = Object.entries({
      visibility: minimumVisibility,
      agreement: minimumAgreement,
      confidence: minimumConfidence,
    }).filter(([, least]) => least > 0);
    const asked = bounds.map(([score, least]) => `${score} ${String(least)}`).join(' and ');
    const region = row.settings.photograph == null ? '' : ' or a larger region';
    super(
      `${String(missing)} of ${String(row.count)} samples did not reach ${asked} in ${String(maximumAttempts)} attempts each; ` +
        `ask for a higher strength${region}, or lower the bounds`,
    );
  }
}

export async function drawGeneration(drawing: Drawing): Promise<void> {
  const { scope, row, owner } = drawing;
  const done = await samplesOf(scope).indexesOf(row.id);
  const rejected = await rejectionsOf(scope).attemptsOf(row.id);
  const most = row.settings.quality?.maximumAttempts ?? 1;
  const tries = Array.from({ length: row.count }, (_, index) => ({ index, attempt: (rejected.get(index) ?? 0) + 1 }));
  const missing = tries.filter(({ index, attempt }) => !done.has(index) && attempt <= most);
  let givenUp = tries.filter(({ index, attempt }) => !done.has(index) && attempt > most).length;
  const progress = createProgress(drawing, done.size);
  const materials = materialsOf(scope, drawing.store, row.settings);
  try {
    givenUp += await drawAll(drawing, materials, missing, most, progress);
  } finally {
    await progress.close();
  }
  if (givenUp > 0) throw new QualityNotReached(row, givenUp);
  const end = { status: 'SUCCEEDED', finishedAt: new Date(), stepsDone: row.count * row.settings.steps } as const;
  await change(scope, owner, row.id, end, [{ type: 'GenerationSucceeded' }]);
}

/** Gives how many were rejected as often as they may be. The first failure ends it, once nothing is drawn or stored any more. */
async function drawAll(
  drawing: Drawing,
  materials: Materials,
  tries: readonly Try[],
  most: number,
  progress: Progress,
): Promise<number> {
  const waiting = [...tries];
  const failure = new AbortController();
  const signal = AbortSignal.any([drawing.signal, failure.signal]);
  const observer = observeDraw(drawing.row);
  const store = storeSamples(drawing);
  let givenUp = 0;
  const inTurn = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      signal.throwIfAborted();
      const kept = await drawOne({ ...drawing, signal }, materials, one, progress, observer, store);
      if (kept) continue;
      if (one.attempt < most) waiting.push({ index: one.index, attempt: one.attempt + 1 });
      else givenUp++;
    }
  };
  const hands = Array.from({ length: Math.min(IN_HAND, tries.length) }, () =>
    inTurn().catch((error: unknown) => failure.abort(error)),
  );
  await Promise.all(hands);
  observer.close(failure.signal.reason);
  failure.signal.throwIfAborted();
  return givenUp;
}

/** From the pool to the disk and the database. False if it was rejected. */
async function drawOne(
  drawing: Drawing,
  materials: Materials,
  one: Try,
  progress: Progress,
  observer: DrawObserver,
  store: StoreSample,
): Promise<boolean> {
  const { row, pool, signal } = drawing;
  const material = await materials(one.index);
  const request = requestOf(row, one, material?.request ?? null);
  const { referenceId = null, baseSampleId = null } = material ?? {};
  const keepOrReject = async (result: SampleResult): Promise<boolean> => {
    drawing.drawn();
    // At strength 0 nothing is to be seen, and that is what was asked for.
    const asked = strengthOf(row.settings, one.index, row.count);
    const kept = asked === 0 || isGoodEnough(result, row.settings.quality);
    progress.sampleDrawn(result.id, kept);
    await observer.drawn(result, async () => {
      if (!kept) return recordRejection(drawing, one, result);
      await store({ ...one, referenceId, baseSampleId }, result);
      progress.sampleStored();
    });
    return kept;
  };
  const results: SampleResult[] = [];
  observer.begun(request);
  await pool.draw(
    [request],
    {
      started: observer.started,
      progress: (id, step, of) => progress.step(id, step, of),
      sample: (result) => void results.push(result),
    },
    signal,
  );
  const [result] = results;
  return result !== undefined && keepOrReject(result);
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
