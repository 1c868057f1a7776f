/**
 * Who draws: at every step the batch is formed anew (schedule.ts) from whatever samples there are, at whatever step each is. A sample
 * that ends leaves at once; decoding and encoding it goes on beside the steps of the others.
 *
 * Between two steps the event loop turns, so that a cancel is heard: `session.run` blocks its thread.
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';

import type { RowBudget } from '../../capacity.js';
import { capBudget } from '../../capacity.js';
import { InferenceError } from '../../errors.js';
import type { WorkerMessage } from '../../workerProtocol.js';
import type { SampleRequest } from '../../types.js';
import { createJob } from '../sample/createJob.js';
import { withBatchedDecoder } from '../sample/batchedDecoder.js';
import { isFinished } from '../sample/denoisingState.js';
import { createSemaphore } from './semaphore.js';
import type { Job } from '../sample/job.js';
import { isDenoised, rowsOfJob, currentStep } from '../sample/job.js';
import type { Model } from '../model/model.js';
import { denoisingBytes, rowsPerEvaluation } from '../sample/resourceEstimate.js';
import { encodeSample } from '../sample/encodeSample.js';
import type { Candidate } from './batchScheduler.js';
import { createBatchScheduler } from './batchScheduler.js';
import { denoiseStepWithinMemory } from '../sample/denoisingStep.js';
import { createStepMetricsBuffer } from './stepMetrics.js';

/** A sample's progress is told no more often than this. */
const PROGRESS_INTERVAL_MS = 100;
/** Of those that have begun, by the estimates of needs.ts; with the next one, and the model, it leaves room on a machine of 2 GB. */
const BYTES_IN_WORK = 256 * 2 ** 20;
/** Of those that are decoded and encoded at a time. */
const BYTES_AT_THE_END = 512 * 2 ** 20;
/** As many may have ended and not be encoded yet; then the steps wait. */
const MAXIMUM_ENDING = 16;
/** Photographs that are read at a time. */
const MAXIMUM_READING = 2;

/** Of a bundle that is not open, whose samples fail. */
const ONE_AT_A_TIME: RowBudget = { rows: 1, quickRows: 1 };

interface Sample extends Candidate {
  readonly request: SampleRequest;
  rows: number;
  bytes: number;
  /** From its first turn on. */
  job: Job | null;
  progressSentAt: number;
}

export interface Batcher {
  add(key: number, request: SampleRequest): void;
  /** Takes effect before the next step. */
  cancel(keys: readonly number[]): void;
}

export interface BatcherOptions {
  /** By bundle id. */
  readonly models: ReadonlyMap<string, Model>;
  /** By bundle id. A single sample that has more rows draws alone. */
  readonly budgets: ReadonlyMap<string, RowBudget>;
  readonly send: (message: WorkerMessage) => void;
}

export function createBatcher({ models: opened, budgets: given, send }: BatcherOptions): Batcher {
  const samples = new Map<number, Sample>();
  const budgets = new Map(given);
  const ending = new Set<Promise<void>>();
  const end = createSemaphore(BYTES_AT_THE_END);
  const read = createSemaphore(MAXIMUM_READING);
  const figures = createStepMetricsBuffer(send);
  /** Those that wait to be read among them. */
  let reading = 0;
  let running = false;

  const models = new Map<string, Model>();
  for (const [bundle, model] of opened) {
    models.set(
      bundle,
      withBatchedDecoder(model, (pictures) => send({ kind: 'reduced', bundle, pictures })),
    );
  }
  /** So that padding takes no evaluation beyond its budget. */
  const budgetOf = (bundle: string): RowBudget => {
    const { rows, quickRows } = budgets.get(bundle) ?? ONE_AT_A_TIME;
    const within = models.get(bundle)?.within ?? ((count) => count);
    return { rows: within(rows), quickRows: within(quickRows) };
  };

  const schedule = createBatchScheduler<Sample>({
    rowBudget: budgetOf,
    memoryBytes: BYTES_IN_WORK,
    canStart: () => reading < MAXIMUM_READING,
  });

  const modelOf = (bundle: string): Model => {
    const model = models.get(bundle);
    if (model === undefined) throw new InferenceError(`the bundle ${bundle} is not open on this device`);
    return model;
  };

  /** It may have been canceled, or have failed, while something was awaited. */
  const isHere = (sample: Sample): boolean => samples.get(sample.key) === sample;

  const leave = (sample: Sample): void => {
    if (isHere(sample)) samples.delete(sample.key);
    schedule.remove(sample);
  };

  const fail = (sample: Sample, error: unknown): void => {
    if (!isHere(sample)) return;
    leave(sample);
    send({ kind: 'failed', key: sample.key, message: error instanceof Error ? error.message : String(error) });
  };

  const begin = async (sample: Sample): Promise<void> => {
    if (!isHere(sample)) return;
    const { request, key } = sample;
    const model = modelOf(sample.bundle);
    const job = await createJob(model, request);
    if (!isHere(sample)) return;
    sample.job = job;
    sample.rows = rowsOfJob(job);
    sample.bytes = job.memoryBytes;
    sample.progressSentAt = performance.now();
    send({ kind: 'started', key });
  };

  /** A photograph is read beside the steps of the others. */
  const beginOnPhotograph = async (sample: Sample): Promise<void> => {
    schedule.suspend(sample);
    reading++;
    await read.run(1, () => begin(sample)).catch((error: unknown) => fail(sample, error));
    reading--;
    schedule.resume(sample);
    void run();
  };

  /** What ended is turned into pictures, or into another drawing. */
  const proceed = async (sample: Sample, job: Job): Promise<void> => {
    const pixels = isHere(sample) ? await job.finishPhase(job) : null;
    if (!isHere(sample)) return;
    if (pixels === null) {
      sample.rows = rowsOfJob(job);
      schedule.resume(sample);
      return;
    }
    const result = await encodeSample(job.request.id, pixels);
    if (!isHere(sample)) return;
    leave(sample);
    send({ kind: 'sample', key: sample.key, result });
  };

  const proceedBeside = (sample: Sample, job: Job): void => {
    schedule.suspend(sample);
    const ended = end
      .run(job.finishBytes, () => proceed(sample, job))
      .catch((error: unknown) => fail(sample, error))
      .finally(() => {
        ending.delete(ended);
        void run();
      });
    ending.add(ended);
  };

  const report = (sample: Sample, job: Job): void => {
    const now = performance.now();
    if (!isDenoised(job) && now - sample.progressSentAt < PROGRESS_INTERVAL_MS) return;
    sample.progressSentAt = now;
    send({ kind: 'progress', key: sample.key, step: currentStep(job), steps: job.totalSteps });
  };

  /** Those of the chosen that take part in the step: not photographs that have yet to be read. */
  const readyOf = async (chosen: readonly Sample[]): Promise<readonly (readonly [Sample, Job])[]> => {
    const toBeRead = chosen.filter(({ job, request }) => job === null && request.inpainting?.image != null);
    for (const sample of toBeRead) void beginOnPhotograph(sample);
    const others = chosen.filter((sample) => !toBeRead.includes(sample));
    for (const sample of others)
      if (sample.job === null) await begin(sample).catch((error: unknown) => fail(sample, error));
    return others.flatMap((sample) => (sample.job !== null && isHere(sample) ? [[sample, sample.job] as const] : []));
  };

  const reduceRows = (bundle: string, rows: number): void => {
    const budget = budgets.get(bundle) ?? ONE_AT_A_TIME;
    if (rows >= budget.rows) return;
    budgets.set(bundle, capBudget(budget, rows));
    send({ kind: 'reduced', bundle, rows });
  };

  const step = async (bundle: string, together: readonly (readonly [Sample, Job])[]): Promise<void> => {
    const began = performance.now();
    const drawings = together.flatMap(([, job]) => job.states.filter((drawing) => !isFinished(drawing)));
    const failures = await denoiseStepWithinMemory(modelOf(bundle), drawings, (rows) => reduceRows(bundle, rows));
    figures.add({
      bundle,
      samples: together.length,
      rows: drawings.reduce((sum, { plan }) => sum + plan.rows.length, 0),
      seconds: (performance.now() - began) / 1000,
    });
    const reasons = new Map(failures.map(({ state, error }) => [state, error]));
    for (const [sample, job] of together) {
      const failed = job.states.find((drawing) => reasons.has(drawing));
      if (failed !== undefined) fail(sample, reasons.get(failed));
      if (!isHere(sample)) continue;
      report(sample, job);
      if (isDenoised(job)) proceedBeside(sample, job);
    }
  };

  const run = async (): Promise<void> => {
    if (running) return;
    running = true;
    for (;;) {
      await turnOfTheLoop();
      while (ending.size >= MAXIMUM_ENDING) await Promise.race(ending);
      const chosen = schedule.selectBatch();
      const [first] = chosen;
      if (first === undefined) break;
      const together = await readyOf(chosen);
      if (together.length > 0) await step(first.bundle, together);
    }
    figures.flush();
    running = false;
  };

  return {
    add(key, request) {
      const { bundle, fairnessKey = '', priority = 0 } = request;
      const manifest = models.get(bundle)?.manifest;
      const rows = manifest === undefined ? 1 : rowsPerEvaluation(request, manifest.prompts.normal);
      const bytes = manifest === undefined ? 0 : denoisingBytes(request, manifest);
      const sample: Sample = { key, request, bundle, fairnessKey, priority, rows, bytes, job: null, progressSentAt: 0 };
      samples.set(key, sample);
      schedule.add(sample);
      void run();
    },
    cancel(keys) {
      for (const key of keys) {
        const sample = samples.get(key);
        if (sample !== undefined) leave(sample);
      }
      send({ kind: 'canceled', keys });
      // The memory that they held may be what another waited for.
      void run();
    },
  };
}
