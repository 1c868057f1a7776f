/**
 * Who draws: at every step the batch is formed anew (schedule.ts) from whatever samples there are, at whatever step each is. A sample
 * that ends leaves at once; decoding and encoding it goes on beside the steps of the others.
 *
 * Between two steps the event loop turns, so that a cancel is heard: `session.run` blocks its thread.
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';

import type { RowBudget } from '../../capacity.js';
import { atMost } from '../../capacity.js';
import { InferenceError } from '../../errors.js';
import type { FromWorker } from '../../protocol.js';
import type { SampleRequest } from '../../types.js';
import { beginJob } from '../sample/beginJob.js';
import { withSharedDecoder } from '../sample/decoding.js';
import { isFinished } from '../sample/drawing.js';
import { createGate } from './gate.js';
import type { Job } from '../sample/job.js';
import { isDrawn, rowsOfJob, stepOf } from '../sample/job.js';
import type { Model } from '../model/model.js';
import { bytesOf, rowsOf } from '../sample/needs.js';
import { encodeSample } from '../sample/pictures.js';
import type { Candidate } from './schedule.js';
import { createSchedule } from './schedule.js';
import { advanceWithinMemory } from '../sample/step.js';
import { createStepFigures } from './stepFigures.js';

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
  lastTold: number;
}

export interface Batcher {
  draw(key: number, request: SampleRequest): void;
  /** Takes effect before the next step. */
  cancel(keys: readonly number[]): void;
}

export interface BatcherOptions {
  /** By bundle id. */
  readonly models: ReadonlyMap<string, Model>;
  /** By bundle id. A single sample that has more rows draws alone. */
  readonly budgets: ReadonlyMap<string, RowBudget>;
  readonly tell: (message: FromWorker) => void;
}

export function createBatcher({ models: opened, budgets: given, tell }: BatcherOptions): Batcher {
  const samples = new Map<number, Sample>();
  const budgets = new Map(given);
  const ending = new Set<Promise<void>>();
  const end = createGate(BYTES_AT_THE_END);
  const read = createGate(MAXIMUM_READING);
  const figures = createStepFigures(tell);
  /** Those that wait to be read among them. */
  let reading = 0;
  let running = false;

  const models = new Map<string, Model>();
  for (const [bundle, model] of opened) {
    models.set(
      bundle,
      withSharedDecoder(model, (pictures) => tell({ kind: 'reduced', bundle, pictures })),
    );
  }
  /** So that padding takes no evaluation beyond its budget. */
  const budgetOf = (bundle: string): RowBudget => {
    const { rows, quickRows } = budgets.get(bundle) ?? ONE_AT_A_TIME;
    const within = models.get(bundle)?.within ?? ((count) => count);
    return { rows: within(rows), quickRows: within(quickRows) };
  };

  const schedule = createSchedule<Sample>({
    rows: budgetOf,
    bytes: BYTES_IN_WORK,
    mayBegin: () => reading < MAXIMUM_READING,
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
    tell({ kind: 'failed', key: sample.key, message: error instanceof Error ? error.message : String(error) });
  };

  const begin = async (sample: Sample): Promise<void> => {
    if (!isHere(sample)) return;
    const { request, key } = sample;
    const model = modelOf(sample.bundle);
    const job = await beginJob(model, request);
    if (!isHere(sample)) return;
    sample.job = job;
    sample.rows = rowsOfJob(job);
    sample.bytes = job.bytes;
    sample.lastTold = performance.now();
    tell({ kind: 'started', key });
  };

  /** A photograph is read beside the steps of the others. */
  const beginOnPhotograph = async (sample: Sample): Promise<void> => {
    schedule.setAside(sample);
    reading++;
    await read.pass(1, () => begin(sample)).catch((error: unknown) => fail(sample, error));
    reading--;
    schedule.putBack(sample);
    void run();
  };

  /** What ended is turned into pictures, or into another drawing. */
  const proceed = async (sample: Sample, job: Job): Promise<void> => {
    const pixels = isHere(sample) ? await job.proceed(job) : null;
    if (!isHere(sample)) return;
    if (pixels === null) {
      sample.rows = rowsOfJob(job);
      schedule.putBack(sample);
      return;
    }
    const result = await encodeSample(job.request.id, pixels);
    if (!isHere(sample)) return;
    leave(sample);
    tell({ kind: 'sample', key: sample.key, result });
  };

  const proceedBeside = (sample: Sample, job: Job): void => {
    schedule.setAside(sample);
    const ended = end
      .pass(job.endBytes, () => proceed(sample, job))
      .catch((error: unknown) => fail(sample, error))
      .finally(() => {
        ending.delete(ended);
        void run();
      });
    ending.add(ended);
  };

  const report = (sample: Sample, job: Job): void => {
    const now = performance.now();
    if (!isDrawn(job) && now - sample.lastTold < PROGRESS_INTERVAL_MS) return;
    sample.lastTold = now;
    tell({ kind: 'progress', key: sample.key, step: stepOf(job), steps: job.steps });
  };

  /** Those of the chosen that take part in the step: not photographs that have yet to be read. */
  const readyOf = async (chosen: readonly Sample[]): Promise<readonly (readonly [Sample, Job])[]> => {
    const toBeRead = chosen.filter(({ job, request }) => job === null && request.photograph?.picture != null);
    for (const sample of toBeRead) void beginOnPhotograph(sample);
    const others = chosen.filter((sample) => !toBeRead.includes(sample));
    for (const sample of others)
      if (sample.job === null) await begin(sample).catch((error: unknown) => fail(sample, error));
    return others.flatMap((sample) => (sample.job !== null && isHere(sample) ? [[sample, sample.job] as const] : []));
  };

  const reduceRows = (bundle: string, rows: number): void => {
    const budget = budgets.get(bundle) ?? ONE_AT_A_TIME;
    if (rows >= budget.rows) return;
    budgets.set(bundle, atMost(budget, rows));
    tell({ kind: 'reduced', bundle, rows });
  };

  const step = async (bundle: string, together: readonly (readonly [Sample, Job])[]): Promise<void> => {
    const began = performance.now();
    const drawings = together.flatMap(([, job]) => job.drawings.filter((drawing) => !isFinished(drawing)));
    const failures = await advanceWithinMemory(modelOf(bundle), drawings, (rows) => reduceRows(bundle, rows));
    figures.add({
      bundle,
      samples: together.length,
      rows: drawings.reduce((sum, { plan }) => sum + plan.rows.length, 0),
      seconds: (performance.now() - began) / 1000,
    });
    const reasons = new Map(failures.map(({ drawing, error }) => [drawing, error]));
    for (const [sample, job] of together) {
      const failed = job.drawings.find((drawing) => reasons.has(drawing));
      if (failed !== undefined) fail(sample, reasons.get(failed));
      if (!isHere(sample)) continue;
      report(sample, job);
      if (isDrawn(job)) proceedBeside(sample, job);
    }
  };

  const run = async (): Promise<void> => {
    if (running) return;
    running = true;
    for (;;) {
      await turnOfTheLoop();
      while (ending.size >= MAXIMUM_ENDING) await Promise.race(ending);
      const chosen = schedule.next();
      const [first] = chosen;
      if (first === undefined) break;
      const together = await readyOf(chosen);
      if (together.length > 0) await step(first.bundle, together);
    }
    figures.flush();
    running = false;
  };

  return {
    draw(key, request) {
      const { bundle, share = '', priority = 0 } = request;
      const manifest = models.get(bundle)?.manifest;
      const rows = manifest === undefined ? 1 : rowsOf(request, manifest.prompts.normal);
      const bytes = manifest === undefined ? 0 : bytesOf(request, manifest);
      const sample: Sample = { key, request, bundle, share, priority, rows, bytes, job: null, lastTold: 0 };
      samples.set(key, sample);
      schedule.add(sample);
      void run();
    },
    cancel(keys) {
      for (const key of keys) {
        const sample = samples.get(key);
        if (sample !== undefined) leave(sample);
      }
      tell({ kind: 'canceled', keys });
      // The memory that they held may be what another waited for.
      void run();
    },
  };
}
