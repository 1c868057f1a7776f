/**
 * Who draws: at every step the batch is formed anew from whatever samples are active, at whatever step each is. One that
 * waits joins as soon as there is room in rows, one that ends leaves at once.
 *
 * Between two steps the event loop turns, so that a cancel is heard: `session.run` blocks its thread.
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';

import { InferenceError } from '../errors.js';
import type { FromWorker } from '../protocol.js';
import type { SampleRequest } from '../types.js';
import { beginJob, rowsOf } from './beginJob.js';
import { isFinished } from './drawing.js';
import type { Job } from './job.js';
import { isDrawn, stepOf } from './job.js';
import type { Model } from './model.js';
import { encodeSample } from './pictures.js';
import { advance } from './step.js';
import { createTurns } from './turns.js';
import { createStepFigures } from './stepFigures.js';

/** A sample's progress is told no more often than this. */
const PROGRESS_INTERVAL_MS = 100;

interface Waiting {
  readonly key: number;
  readonly request: SampleRequest;
}

interface Active extends Waiting {
  readonly job: Job;
  /** The most that it puts into one evaluation. */
  readonly rows: number;
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
  /** How many rows one evaluation may have. A single sample that has more draws alone. */
  readonly maximumRows: number;
  readonly tell: (message: FromWorker) => void;
}

export function createBatcher({ models, maximumRows, tell }: BatcherOptions): Batcher {
  let waiting: Waiting[] = [];
  let active: Active[] = [];
  let running = false;
  const turns = createTurns();
  const figures = createStepFigures(tell);

  const leave = (sample: Waiting): void => {
    active = active.filter(({ key }) => key !== sample.key);
  };

  const fail = (sample: Waiting, error: unknown): void => {
    leave(sample);
    tell({ kind: 'failed', key: sample.key, message: error instanceof Error ? error.message : String(error) });
  };

  const modelOf = ({ request }: Waiting): Model => {
    const model = models.get(request.bundle);
    if (model === undefined) throw new InferenceError(`the bundle ${request.bundle} is not open on this device`);
    return model;
  };

  /** Those who wait, in turn, while their rows fit beside those of the active. */
  const admit = async (): Promise<void> => {
    for (let next = turns.next(waiting, active); next !== undefined; next = turns.next(waiting, active)) {
      const sample = next;
      try {
        const model = modelOf(sample);
        const rows = rowsOf(sample.request, model.manifest.prompts.normal);
        const taken = active.reduce((sum, other) => sum + other.rows, 0);
        if (active.length > 0 && taken + rows > maximumRows) return;
        const job = await beginJob(model, sample.request);
        // It may have been canceled while its texts were embedded.
        if (!waiting.includes(sample)) continue;
        waiting = waiting.filter((other) => other !== sample);
        turns.took(sample);
        active.push({ ...sample, job, rows, lastTold: performance.now() });
        tell({ kind: 'started', key: sample.key });
      } catch (error) {
        waiting = waiting.filter((other) => other !== sample);
        fail(sample, error);
      }
    }
  };

  /** One step of the samples that share a bundle with the one that is longest without. */
  const step = async (): Promise<void> => {
    const [first] = active;
    if (first === undefined) return;
    const together = active.filter(({ request }) => request.bundle === first.request.bundle);
    // The others go first next time.
    active = [...active.filter((sample) => !together.includes(sample)), ...together];
    try {
      const model = modelOf(first);
      const began = performance.now();
      const drawings = together.flatMap((sample) => sample.job.drawings.filter((drawing) => !isFinished(drawing)));
      const failures = await advance(model, drawings);
      figures.add({
        bundle: first.request.bundle,
        samples: together.length,
        rows: drawings.reduce((sum, { plan }) => sum + plan.rows.length, 0),
        seconds: (performance.now() - began) / 1000,
      });
      for (const { drawing, error } of failures)
        together.filter((sample) => sample.job.drawings.includes(drawing)).forEach((sample) => fail(sample, error));
      for (const sample of together) if (active.includes(sample)) await report(model, sample);
    } catch (error) {
      for (const sample of together) fail(sample, error);
    }
  };

  const report = async (model: Model, sample: Active): Promise<void> => {
    const { key, job } = sample;
    const now = performance.now();
    if (isDrawn(job) || now - sample.lastTold >= PROGRESS_INTERVAL_MS) {
      sample.lastTold = now;
      tell({ kind: 'progress', key, step: stepOf(job), steps: job.steps });
    }
    if (!isDrawn(job)) return;
    try {
      const pixels = await job.proceed(job);
      if (pixels === null) return;
      leave(sample);
      tell({ kind: 'sample', key, result: await encodeSample(job.request.id, pixels) });
    } catch (error) {
      fail(sample, error);
    }
  };

  const run = async (): Promise<void> => {
    if (running) return;
    running = true;
    for (;;) {
      await turnOfTheLoop();
      await admit();
      if (active.length === 0) break;
      await step();
    }
    figures.flush();
    running = false;
  };

  return {
    draw(key, request) {
      waiting.push({ key, request });
      void run();
    },
    cancel(keys) {
      const kept = (sample: Waiting): boolean => !keys.includes(sample.key);
      waiting = waiting.filter(kept);
      active = active.filter(kept);
      tell({ kind: 'canceled', keys });
    },
  };
}
