/**
 * Carries one claimed generation through the engine. One that is drawn again after a crash draws only the samples that do not
 * exist yet, and none that was rejected.
 */
import type { Engine, InpaintingRequest, SampleRequest, SampleResult } from '../../inference/index.js';
import type { GenerationRow } from '../../storage/tables.js';
import type { InputImageSource } from './inputImageFiles.js';
import { inputImageSource } from './inputImageFiles.js';
import type { ProgressReporter } from '../events/progressReporter.js';
import { createProgressReporter } from '../events/progressReporter.js';
import type { SampleTelemetry } from './telemetry.js';
import { createSampleTelemetry } from './telemetry.js';

import { updateClaimed } from './claimGeneration.js';
import { meetsPolicy, rejectedSamplesOf } from '../samples/rejectedSamples.js';
import { samplesOf } from '../samples/sampleRepository.js';
import type { ClaimedGeneration, PersistSample, SampleDraw } from '../samples/persistSample.js';
import { recordRejection, createSamplePersister } from '../samples/persistSample.js';
import { seedOf, strengthOf } from '../sampleParameters.js';

/**
 * Samples of one generation that are with the engine, or being stored, at a time: enough for a device to fill its batches while others
 * are stored, and few enough that generations that run together take turns and memory stays bounded.
 */
const MAX_IN_FLIGHT = 16;

export interface GenerationRun extends ClaimedGeneration {
  readonly engine: Engine;
  readonly signal: AbortSignal;
  /** A sample was drawn, kept or not. */
  onSampleDrawn(): void;
}

/** Some samples did not reach the policy however often they were drawn; those that did are kept. */
export class QualityNotReachedError extends Error {
  override readonly name = 'QualityNotReachedError';

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
      `${String(missing)} of ${String(row.count)} samples did not reach ${asked} in ${String(maximumAttempts)} draws each; ` +
        `ask for a higher strength${region}, or lower the bounds`,
    );
  }
}

export async function runGeneration(drawing: GenerationRun): Promise<void> {
  const { scope, row, owner } = drawing;
  const done = await samplesOf(scope).indexesOf(row.id);
  const rejected = await rejectedSamplesOf(scope).countsByIndex(row.id);
  const most = row.settings.quality?.maximumAttempts ?? 1;
  const draws = Array.from({ length: row.count }, (_, index) => ({ index, draw: (rejected.get(index) ?? 0) + 1 }));
  const missing = draws.filter(({ index, draw }) => !done.has(index) && draw <= most);
  let givenUp = draws.filter(({ index, draw }) => !done.has(index) && draw > most).length;
  const progress = createProgressReporter(drawing, done.size);
  const materials = inputImageSource(scope, drawing.store, row.settings);
  try {
    givenUp += await drawSamples(drawing, materials, missing, most, progress);
  } finally {
    await progress.close();
  }
  if (givenUp > 0) throw new QualityNotReachedError(row, givenUp);
  const end = { status: 'SUCCEEDED', finishedAt: new Date(), stepsDone: row.count * row.settings.steps } as const;
  await updateClaimed(scope, owner, row.id, end, [{ type: 'GenerationSucceeded' }]);
}

/** Gives how many were rejected as often as they may be. The first failure ends it, once nothing is drawn or stored any more. */
async function drawSamples(
  drawing: GenerationRun,
  materials: InputImageSource,
  tries: readonly SampleDraw[],
  most: number,
  progress: ProgressReporter,
): Promise<number> {
  const waiting = [...tries];
  const failure = new AbortController();
  const signal = AbortSignal.any([drawing.signal, failure.signal]);
  const observer = createSampleTelemetry(drawing.row);
  const store = createSamplePersister(drawing);
  let givenUp = 0;
  const inTurn = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      signal.throwIfAborted();
      const kept = await drawSample({ ...drawing, signal }, materials, one, progress, observer, store);
      if (kept) continue;
      if (one.draw < most) waiting.push({ index: one.index, draw: one.draw + 1 });
      else givenUp++;
    }
  };
  const hands = Array.from({ length: Math.min(MAX_IN_FLIGHT, tries.length) }, () =>
    inTurn().catch((error: unknown) => failure.abort(error)),
  );
  await Promise.all(hands);
  observer.close(failure.signal.reason);
  failure.signal.throwIfAborted();
  return givenUp;
}

/** From the engine to the disk and the database. False if it was rejected. */
async function drawSample(
  drawing: GenerationRun,
  materials: InputImageSource,
  one: SampleDraw,
  progress: ProgressReporter,
  observer: SampleTelemetry,
  store: PersistSample,
): Promise<boolean> {
  const { row, engine, signal } = drawing;
  const material = await materials(one.index);
  const request = sampleRequest(row, one, material?.request ?? null);
  const { referenceId = null, baseSampleId = null } = material ?? {};
  const keepOrReject = async (result: SampleResult): Promise<boolean> => {
    drawing.onSampleDrawn();
    // At strength 0 nothing is to be seen, and that is what was asked for.
    const asked = strengthOf(row.settings, one.index, row.count);
    const kept = asked === 0 || meetsPolicy(result, row.settings.quality);
    progress.onSampleDrawn(result.id, kept);
    await observer.onDrawn(result, async () => {
      if (!kept) return recordRejection(drawing, one, result);
      await store({ ...one, referenceId, baseSampleId }, result);
      progress.onSampleStored();
    });
    return kept;
  };
  observer.onSubmitted(request);
  const result = await engine.generate(request, {
    signal,
    onStarted: () => observer.onStarted(request.id),
    onProgress: (step, steps) => progress.onStep(request.id, step, steps),
  });
  return keepOrReject(result);
}

function sampleRequest(
  { id, tenantId, settings, count, priority }: GenerationRow,
  { index, draw }: SampleDraw,
  photograph: InpaintingRequest | null,
): SampleRequest {
  const { bundle, product, defect, productScale, steps, sampler, guidance, maskMode, twin = false } = settings;
  return {
    id: `${id}/${String(index)}`,
    bundle,
    product,
    defect,
    seed: seedOf(settings, index, draw, count),
    strength: strengthOf(settings, index, count),
    productScale,
    steps,
    sampler,
    guidance,
    maskMode,
    fairnessKey: tenantId,
    priority,
    twin,
    inpainting: photograph,
  };
}
