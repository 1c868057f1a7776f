/**
 * Runs a claimed generation: draws its samples on the engine and persists them. After a crash, only the samples that are missing are
 * drawn, and no rejected draw is repeated.
 */
import type { ArtifactStore } from '../../artifacts/store.js';
import type { Engine, SampleRequest } from '../../inference/index.js';
import type { MarkImages } from '../../marking/markingThread.js';
import { inSpan } from '../../observability/tracing.js';
import type { GenerationRow } from '../../storage/tables.js';
import type { ProgressReporter } from './progressReporter.js';
import { createProgressReporter } from './progressReporter.js';
import { createSamplePersister, persistRejection } from './persistSample.js';
import { meetsPolicy, rejectedSamplesOf } from '../samples/rejectedSamples.js';
import type { SampleDraw } from '../samples/sampleDraw.js';
import { sampleDraw } from '../samples/sampleDraw.js';
import { samplesOf } from '../samples/sampleRepository.js';
import type { ClaimedGeneration } from './claimGeneration.js';
import { recordDeviceCrash, requireFewCrashes, updateClaimed } from './claimGeneration.js';
import type { SampleInput } from './inputImageFiles.js';
import { createInputImages } from './inputImageFiles.js';
import { spanAttributes } from './telemetry.js';

/**
 * Samples of one generation that are on the engine or being stored at a time: enough for a device to fill its batches while others are
 * stored, and few enough that generations take turns and memory stays bounded.
 */
const MAX_IN_FLIGHT = 16;

export interface GenerationRun extends ClaimedGeneration {
  readonly engine: Engine;
  /** The ID under which the engine has the model. */
  readonly bundle: string;
  readonly store: ArtifactStore;
  /** Undefined: images are stored without a mark. */
  readonly markImages: MarkImages | undefined;
  readonly signal: AbortSignal;
  /** A sample was drawn, whether it is kept or rejected. */
  onSampleDrawn(): void;
}

/** Some samples were rejected as often as the policy allows. The others are kept. */
export class QualityNotReachedError extends Error {
  override readonly name = 'QualityNotReachedError';

  constructor(row: GenerationRow, missing: number) {
    const {
      minimumVisibility: visibility = 0,
      minimumAgreement: agreement = 0,
      minimumConfidence: confidence = 0,
      maximumAttempts,
    } = row.settings.quality ?? {};
    const bounds = Object.entries({ visibility, agreement, confidence }).filter(([, minimum]) => minimum > 0);
    const policy = bounds.map(([score, minimum]) => `${score} ${String(minimum)}`).join(' and ');
    const region = row.settings.photograph == null ? '' : ' or a larger region';
    super(
      `${String(missing)} of ${String(row.count)} samples did not reach ${policy} in ${String(maximumAttempts)} draws each; ` +
        `ask for a higher strength${region}, or lower the bounds`,
    );
  }
}

export async function runGeneration(run: GenerationRun): Promise<void> {
  const { scope, row, owner } = run;
  const finished = await samplesOf(scope).indexesOf(row.id);
  const rejected = await rejectedSamplesOf(scope).countsByIndex(row.id);
  const missing = Array.from({ length: row.count }, (_, index) => index).filter((index) => !finished.has(index));
  const draws = missing.map((index) => sampleDraw(row, index, (rejected.get(index) ?? 0) + 1));
  const progress = createProgressReporter(run, finished.size);
  let givenUp: number;
  try {
    givenUp = await drawSamples(run, draws, progress);
  } finally {
    await progress.close();
  }
  if (givenUp > 0) throw new QualityNotReachedError(row, givenUp);
  const end = { status: 'SUCCEEDED', finishedAt: new Date(), stepsDone: row.count * row.settings.steps } as const;
  await updateClaimed(scope, owner, row.id, end, [{ type: 'GenerationSucceeded' }]);
}

/**
 * Returns how many samples were rejected as often as the policy allows. The first failure ends the others, and is thrown when nothing is
 * drawn or stored any more.
 */
async function drawSamples(
  run: GenerationRun,
  draws: readonly SampleDraw[],
  progress: ProgressReporter,
): Promise<number> {
  const { scope, row, owner, engine, store } = run;
  const { quality } = row.settings;
  const maxDraws = quality?.maximumAttempts ?? 1;
  const inputImages = createInputImages(scope, store, row.settings);
  const persist = createSamplePersister(run, store, run.markImages);
  const failure = new AbortController();
  const signal = AbortSignal.any([run.signal, failure.signal]);

  /** Workers that died while they drew samples of this generation; each counts once, however many samples it drew. */
  const exits = new Map<Error, Promise<void>>();
  function onWorkerExit(error: Error): void {
    if (exits.has(error)) return;
    const recorded = recordDeviceCrash(scope, owner, row.id).then(requireFewCrashes);
    exits.set(
      error,
      recorded.catch((reason: unknown) => failure.abort(reason)),
    );
  }

  async function drawSample(draw: SampleDraw): Promise<boolean> {
    const images = await inputImages(draw.index);
    const request = sampleRequest(run, draw, images);
    const attributes = { ...spanAttributes(row), 'defectdiffu.sample': request.id };
    const result = await inSpan('draw sample', { attributes }, (span) =>
      engine.generate(request, {
        signal,
        onStarted: () => span.addEvent('began on the device'),
        onProgress: (step, steps) => progress.onStep(request.id, step, steps),
        onPreview: (image) => progress.onPreview(request.id, draw.index, image),
        onWorkerExit,
      }),
    );
    run.onSampleDrawn();
    // At strength 0 there is no defect to see, which is what was requested.
    const kept = draw.strength === 0 || meetsPolicy(result, quality);
    progress.onSampleDrawn(request.id, kept);
    await inSpan('store sample', { attributes }, async () => {
      if (!kept) return persistRejection(run, draw, result);
      await persist(draw, images, result);
      progress.onSampleStored();
    });
    return kept;
  }

  const waiting = [...draws];
  let givenUp = 0;
  async function drawNext(): Promise<void> {
    for (let draw = waiting.shift(); draw !== undefined; draw = waiting.shift()) {
      signal.throwIfAborted();
      if (draw.draw > maxDraws) givenUp++;
      else if (!(await drawSample(draw))) waiting.push(sampleDraw(row, draw.index, draw.draw + 1));
    }
  }

  await Promise.all(
    Array.from({ length: Math.min(MAX_IN_FLIGHT, draws.length) }, () =>
      drawNext().catch((error: unknown) => failure.abort(error)),
    ),
  );
  await Promise.all(exits.values());
  failure.signal.throwIfAborted();
  return givenUp;
}

function sampleRequest(
  { row: { id, tenantId, settings, priority }, bundle }: GenerationRun,
  { index, seed, strength }: SampleDraw,
  images: SampleInput | null,
): SampleRequest {
  const {
    product,
    defect,
    productScale,
    steps,
    sampler,
    guidance,
    maskMode,
    twin = false,
    previews = false,
  } = settings;
  return {
    id: `${id}/${String(index)}`,
    bundle,
    product,
    defect,
    seed,
    strength,
    productScale,
    steps,
    sampler,
    guidance,
    maskMode,
    fairnessKey: tenantId,
    priority,
    twin,
    previews,
    inpainting: images?.inpainting ?? null,
    transplant: images?.transplant ?? null,
  };
}
