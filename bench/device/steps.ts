/**
 * What a step of 1, 2, 4 … samples takes, as the engine makes it (conditions, denoiser, guidance, sampler), and how much of it lies
 * within the runtime's calls. These block the thread, so the rest is JavaScript.
 */
import * as ort from 'onnxruntime-node';

import type { DenoisingState } from '../../src/inference/device/sample/denoisingState.ts';
import type * as Drawings from '../../src/inference/device/sample/denoisingState.ts';
import type * as Stepping from '../../src/inference/device/sample/denoisingStep.ts';
import { importBuilt } from '../importBuilt.ts';
import { openBundle } from '../engine/openModel.ts';
import { median } from '../statistics.ts';
import { BUNDLE, FLOPS_PER_SAMPLE } from '../bundle.ts';
import { options, report, requestsFor } from './options.ts';

const { createDenoisingState } = await importBuilt<typeof Drawings>('inference/device/sample/denoisingState.js');
const { denoiseStep } = await importBuilt<typeof Stepping>('inference/device/sample/denoisingStep.js');
/** The bounds of the number of measured steps of each size, after one step that prepares the device. */
const MOST_RUNS = 8;
const LEAST_RUNS = 2;
const SECONDS_EACH = 1;

let secondsInRuntime = 0;

/** Counts the time of every run of every session of this process. */
function countRuns(): void {
  // A class, though it is declared as a mere factory.
  const { prototype } = ort.InferenceSession as unknown as { prototype: Pick<ort.InferenceSession, 'run'> };
  const { run } = prototype;
  prototype.run = async function (this: ort.InferenceSession, ...given: unknown[]) {
    const began = performance.now();
    try {
      return await (run as (...given: unknown[]) => ReturnType<typeof run>).apply(this, given);
    } finally {
      secondsInRuntime += (performance.now() - began) / 1000;
    }
  };
}

export async function measureSteps(): Promise<void> {
  countRuns();
  const began = performance.now();
  const model = await openBundle(BUNDLE, options.precision, options.device);
  report({ openedAfter: (performance.now() - began) / 1000 });
  const { vocabulary } = model.manifest;
  for (const samples of options.batches) {
    const requests = requestsFor('', vocabulary.trainedPairs, samples, '');
    const drawings = requests.map((request) => createDenoisingState(model, request));
    const step = async (): Promise<{ seconds: number; runtime: number }> => {
      const [before, from] = [secondsInRuntime, performance.now()];
      const [failure] = await denoiseStep(model, drawings);
      if (failure !== undefined) throw failure.error;
      return { seconds: (performance.now() - from) / 1000, runtime: secondsInRuntime - before };
    };
    try {
      report({ samples, ...(await measured(step, drawings)) });
    } catch (error) {
      // Too many for the memory, as a rule: those that are fewer have been measured.
      report({ samples, failure: (error as Error).message.slice(0, 300) });
      break;
    }
  }
  await model.close();
}

async function measured(
  step: () => Promise<{ seconds: number; runtime: number }>,
  drawings: readonly DenoisingState[],
): Promise<object> {
  const first = await step();
  const runs = [];
  const deadline = performance.now() + 1000 * SECONDS_EACH;
  const most = Math.min(MOST_RUNS, options.steps - 1);
  while (runs.length < most && (runs.length < LEAST_RUNS || performance.now() < deadline)) runs.push(await step());
  const seconds = median(runs.map((run) => run.seconds));
  const runtime = median(runs.map((run) => run.runtime));
  return {
    firstMs: 1000 * first.seconds,
    ms: 1000 * seconds,
    leastMs: 1000 * Math.min(...runs.map((run) => run.seconds)),
    runtimeMs: 1000 * runtime,
    javaScriptShare: 1 - runtime / seconds,
    samplesPerSecond: drawings.length / seconds,
    gflopsPerSecond: (drawings.length * FLOPS_PER_SAMPLE) / 1e9 / seconds,
    runs: runs.length,
  };
}
