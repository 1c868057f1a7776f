/**
 * The denoising loop of a device worker. The batch is formed anew at every step (batchScheduler.ts) from the samples that are there,
 * whatever step each is at. A finished sample leaves at once; it is decoded and encoded while the steps of the others go on.
 *
 * Between two steps the event loop turns, so that cancels are received: `session.run` blocks the thread.
 */
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import type { RowBudget } from '../../capacity.js';
import { InferenceError } from '../../errors.js';
import { createSemaphore } from '../../../semaphore.js';
import type { SampleRequest } from '../../types.js';
import type { WorkerMessage } from '../../deviceProtocol.js';
import type { Bundle } from '../../bundle/manifest.js';
import type { Model } from '../model/model.js';
import { createJob, readsImage } from '../sample/createJob.js';
import { isFinished } from '../sample/denoisingState.js';
import { denoiseStepWithinMemory } from '../sample/denoisingStep.js';
import { encodeSample } from '../sample/encodeSample.js';
import type { Job } from '../sample/job.js';
import { isDenoised, rowsOfJob } from '../sample/job.js';
import { denoisingBytes, rowsPerEvaluation } from '../sample/resourceEstimate.js';
import type { Schedulable } from './batchScheduler.js';
import { createBatchScheduler } from './batchScheduler.js';
import { reportStep } from './reportStep.js';
import { createRowBudgets } from './rowBudgets.js';
import { servedModels } from './servedModels.js';
import { createStepMetricsBuffer } from './stepMetrics.js';

/** Memory of all started samples, by the estimates of resourceEstimate.ts. With the model, it fits a machine of 2 GB. */
const STARTED_BYTES = 256 * 2 ** 20;
/** Memory of the samples that are being decoded and encoded. */
const FINISHING_BYTES = 512 * 2 ** 20;
/** If this many samples are being finished, the steps wait. */
const MAX_FINISHING = 16;
/** Images that are read at a time for inpainting. */
const MAX_READING = 2;

interface BatchedSample extends Schedulable {
  readonly request: SampleRequest;
  rows: number;
  bytes: number;
  /** Set when the sample is selected for the first time. */
  job: Job | null;
  progressSentAt: number;
}

/** A sample that takes part in a step, with its job. */
type RunningSample = readonly [sample: BatchedSample, job: Job];

export interface DenoisingLoop {
  add(key: number, request: SampleRequest): void;
  /** Takes effect before the next step. */
  cancel(keys: readonly number[]): void;
  /** Opens a bundle, or an adapter of one of the models, while samples are drawn. @throws BundleError */
  openModel(bundle: Bundle): Promise<void>;
  /** Its samples have ended or are canceled. */
  closeModel(id: string): Promise<void>;
}

export interface DenoisingLoopOptions {
  /** By bundle ID. */
  readonly models: ReadonlyMap<string, Model>;
  /** Their adapters. Samples of a bundle and of all its adapters share a batch. */
  readonly adapters?: readonly Bundle[];
  /** By bundle ID. A single sample with more rows runs alone. */
  readonly budgets: ReadonlyMap<string, RowBudget>;
  readonly send: (message: WorkerMessage) => void;
  /** Opens a bundle that is not among the models. @throws BundleError */
  readonly openBundle: (bundle: Bundle) => Promise<Model>;
}

export function createDenoisingLoop(options: DenoisingLoopOptions): DenoisingLoop {
  const { models: openModels, adapters = [], budgets: initialBudgets, send, openBundle } = options;
  const samples = new Map<number, BatchedSample>();
  const finishing = new Set<Promise<void>>();
  const finishingMemory = createSemaphore(FINISHING_BYTES);
  const imageReads = createSemaphore(MAX_READING);
  const metrics = createStepMetricsBuffer(send);
  /** Samples whose images are being read or wait to be read. */
  let readingCount = 0;
  let running = false;

  const onReduce = (bundle: string, images: number): void => send({ kind: 'limitsReduced', bundle, images });
  const models = servedModels(openModels, adapters, onReduce, openBundle);
  const budgets = createRowBudgets(initialBudgets, models, send);
  /** A canceled sample may take part in it until it ends. */
  let step: Promise<unknown> = Promise.resolve();

  const scheduler = createBatchScheduler<BatchedSample>({
    rowBudget: budgets.of,
    memoryBytes: STARTED_BYTES,
    canStart: () => readingCount < MAX_READING,
  });

  const modelOf = (bundle: string): Model => {
    const model = models.get(bundle);
    if (model === undefined) throw new InferenceError(`the bundle ${bundle} is not open on this device`);
    return model;
  };

  /** The sample may have been canceled or have failed during an await. */
  const isPresent = (sample: BatchedSample): boolean => samples.get(sample.key) === sample;

  const remove = (sample: BatchedSample): void => {
    if (isPresent(sample)) samples.delete(sample.key);
    scheduler.remove(sample);
  };

  const fail = (sample: BatchedSample, error: unknown): void => {
    if (!isPresent(sample)) return;
    remove(sample);
    send({ kind: 'failed', key: sample.key, message: error instanceof Error ? error.message : String(error) });
  };

  const start = async (sample: BatchedSample): Promise<void> => {
    if (!isPresent(sample)) return;
    const job = await createJob(modelOf(sample.request.bundle), sample.request);
    if (!isPresent(sample)) return;
    sample.job = job;
    sample.rows = rowsOfJob(job);
    sample.bytes = job.memoryBytes;
    sample.progressSentAt = performance.now();
    send({ kind: 'started', key: sample.key });
  };

  /** Reads the image of an inpainting sample while the steps of the others go on. */
  const startWithImage = async (sample: BatchedSample): Promise<void> => {
    scheduler.suspend(sample);
    readingCount++;
    await imageReads.run(1, () => start(sample)).catch((error: unknown) => fail(sample, error));
    readingCount--;
    // A transplant without a harmonizing pass has nothing to denoise.
    if (sample.job !== null && isDenoised(sample.job)) finishPhaseConcurrently(sample, sample.job);
    else scheduler.resume(sample);
    void run();
  };

  /** Ends the phase of a job: it has the pixels of the sample, or more denoising states. */
  const finishPhase = async (sample: BatchedSample, job: Job): Promise<void> => {
    const pixels = isPresent(sample) ? await job.finishPhase(job) : null;
    if (!isPresent(sample)) return;
    if (pixels === null) {
      sample.rows = rowsOfJob(job);
      scheduler.resume(sample);
      return;
    }
    const result = await encodeSample(job.request.id, pixels);
    if (!isPresent(sample)) return;
    remove(sample);
    send({ kind: 'completed', key: sample.key, result });
  };

  const finishPhaseConcurrently = (sample: BatchedSample, job: Job): void => {
    scheduler.suspend(sample);
    const finished = finishingMemory
      .run(job.finishBytes, () => finishPhase(sample, job))
      .catch((error: unknown) => fail(sample, error))
      .finally(() => {
        finishing.delete(finished);
        void run();
      });
    finishing.add(finished);
  };

  /** Starts the selected samples that are new. Samples whose images must be read first do not take part in this step. */
  const startSelected = async (selected: readonly BatchedSample[]): Promise<readonly RunningSample[]> => {
    const withImage = selected.filter(({ job, request }) => job === null && readsImage(request));
    for (const sample of withImage) void startWithImage(sample);
    const others = selected.filter((sample) => !withImage.includes(sample));
    for (const sample of others)
      if (sample.job === null) await start(sample).catch((error: unknown) => fail(sample, error));
    return others.flatMap((sample) =>
      sample.job !== null && isPresent(sample) ? [[sample, sample.job] as const] : [],
    );
  };

  const runStep = async (bundle: string, batch: readonly RunningSample[]): Promise<void> => {
    const began = performance.now();
    const states = batch.flatMap(([, job]) => job.states.filter((state) => !isFinished(state)));
    const failures = await denoiseStepWithinMemory(modelOf(bundle), states, (rows) => budgets.reduce(bundle, rows));
    metrics.add({
      bundle,
      samples: batch.length,
      rows: states.reduce((sum, { plan }) => sum + plan.rows.length, 0),
      seconds: (performance.now() - began) / 1000,
    });
    const errors = new Map(failures.map(({ state, error }) => [state, error]));
    for (const [sample, job] of batch) {
      const failed = job.states.find((state) => errors.has(state));
      if (failed !== undefined) fail(sample, errors.get(failed));
      if (!isPresent(sample)) continue;
      reportStep(modelOf(bundle), job, sample, (message) => isPresent(sample) && send(message));
      if (isDenoised(job)) finishPhaseConcurrently(sample, job);
    }
  };

  const run = async (): Promise<void> => {
    if (running) return;
    running = true;
    for (;;) {
      await eventLoopTurn();
      while (finishing.size >= MAX_FINISHING) await Promise.race(finishing);
      const selected = scheduler.selectBatch();
      const [first] = selected;
      if (first === undefined) break;
      const batch = await startSelected(selected);
      if (batch.length === 0) continue;
      step = runStep(first.bundle, batch);
      await step;
    }
    metrics.flush();
    running = false;
  };

  return {
    add(key, request) {
      const { fairnessKey = '', priority = 0 } = request;
      const { manifest, adapter } = models.get(request.bundle) ?? {};
      const bundle = adapter?.base ?? request.bundle;
      const rows = manifest === undefined ? 1 : rowsPerEvaluation(request, manifest.prompts.normal);
      const bytes = manifest === undefined ? 0 : denoisingBytes(request, manifest);
      const sample = { key, request, bundle, fairnessKey, priority, rows, bytes, job: null, progressSentAt: 0 };
      samples.set(key, sample);
      scheduler.add(sample);
      void run();
    },
    cancel(keys) {
      keys.flatMap((key) => samples.get(key) ?? []).forEach(remove);
      send({ kind: 'canceled', keys });
      // Another sample may wait for the memory that these held.
      void run();
    },
    openModel: (bundle) => models.openModel(bundle),
    closeModel(id) {
      budgets.forget(id);
      // Canceled samples may be in the current step, or may be decoded now.
      return models.closeModel(id, Promise.all([step, ...finishing]));
    },
  };
}
