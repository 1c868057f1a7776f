/**
 * Simulates the engine's scheduler and the policies that it is compared with, in virtual time. The duration of a step comes from a curve,
 * so a device can be simulated that is not available.
 */
import type * as Calibration from '../src/inference/device/batch/calibration.js';
import type * as Scheduling from '../src/inference/device/batch/batchScheduler.js';
import type * as Bucketing from '../src/inference/device/model/shapeBuckets.js';
import type { Arrival } from './arrivals.ts';
import { importBuilt } from './importBuilt.ts';
import { quantile } from './statistics.ts';

const { budgetOf } = await importBuilt<typeof Calibration>('inference/device/batch/calibration.js');
const { createBatchScheduler } = await importBuilt<typeof Scheduling>('inference/device/batch/batchScheduler.js');
const { createBucketedDimension } = await importBuilt<typeof Bucketing>('inference/device/model/shapeBuckets.js');

/**
 * `static batches`: those that wait when the device is free go together to their end, as many as one step may have.
 * `whole requests`: as static batches, of one request each.
 */
export type Policy = 'this scheduler' | 'static batches' | 'whole requests' | 'one at a time';
export const POLICIES: readonly Policy[] = ['this scheduler', 'static batches', 'whole requests', 'one at a time'];

export interface SimulatedDevice {
  /** The duration of one step of `samples` samples. */
  stepSeconds(samples: number): number;
  /** The most samples that one step can have. */
  readonly largest: number;
  /** From a sample's last step to its files, during which nothing else is done. */
  readonly finishSeconds: number;
  /** How its rows are padded, and what a step takes longer that has another number of them than the last. @default not at all, nothing */
  readonly sizes?: { readonly rule: Bucketing.BucketPolicy | null; readonly changeSeconds: number };
}

interface Waiting {
  readonly key: number;
  readonly arrival: Arrival;
  stepsLeft: number;
}

/** Chooses the samples of the next step; none while no sample waits. */
interface StepQueue {
  add(sample: Waiting): void;
  next(): readonly Waiting[];
  remove(sample: Waiting): void;
}

const ROWS = 3;

/** The engine's, with the budgets that it makes of a curve. */
function scheduled({ stepSeconds, largest }: SimulatedDevice): StepQueue {
  const sizes = [...new Set([...Array.from({ length: Math.ceil(Math.log2(largest)) }, (_, i) => 2 ** i), largest])];
  const budget = budgetOf(sizes.map((samples) => ({ samples, seconds: stepSeconds(samples) })));
  type Own = Scheduling.Schedulable & { readonly own: Waiting };
  const schedule = createBatchScheduler<Own>({ rowBudget: () => budget, memoryBytes: Infinity });
  const candidates = new Map<number, Own>();
  return {
    add(own) {
      const { key, arrival } = own;
      const candidate = { key, bundle: 'one', fairnessKey: arrival.share, priority: 0, rows: ROWS, bytes: 0, own };
      candidates.set(key, candidate);
      schedule.add(candidate);
    },
    next: () => schedule.selectBatch().map(({ own }) => own),
    remove({ key }) {
      const candidate = candidates.get(key);
      candidates.delete(key);
      if (candidate !== undefined) schedule.remove(candidate);
    },
  };
}

/** First come, first served: `atOnce` at a time, and none joins before those are done. */
function oneAfterAnother(atOnce: number, ofOneRequest: boolean): StepQueue {
  const waiting: Waiting[] = [];
  let head = 0;
  let batch: Waiting[] = [];
  return {
    add: (sample) => void waiting.push(sample),
    next() {
      if (batch.length > 0) return batch;
      const first = waiting[head];
      for (let next = first; next !== undefined && batch.length < atOnce; next = waiting[++head]) {
        if (ofOneRequest && next.arrival !== first?.arrival) break;
        batch.push(next);
      }
      return batch;
    },
    remove: (sample) => void (batch = batch.filter((other) => other !== sample)),
  };
}

function lineOf(policy: Policy, device: SimulatedDevice): StepQueue {
  const { largest } = device;
  if (policy === 'this scheduler') return scheduled(device);
  return oneAfterAnother(policy === 'one at a time' ? 1 : largest, policy === 'whole requests');
}

export interface Simulated {
  /** Seconds from arrival to the last sample, of each arrival in turn. */
  readonly latencies: readonly number[];
  readonly samplesPerSecond: number;
}

export interface SimulatedInTime extends Simulated {
  /** The share of steps that change the number of rows. */
  readonly changesPerStep: number;
}

/** @param arrivals in the order of their times. */
export function simulate(
  policy: Policy,
  arrivals: readonly Arrival[],
  steps: number,
  device: SimulatedDevice,
): SimulatedInTime {
  const line = lineOf(policy, device);
  const { rule, changeSeconds } = device.sizes ?? { rule: null, changeSeconds: 0 };
  const dimension = createBucketedDimension(rule, ROWS);
  let [rows, changes, made] = [0, 0, 0];
  const secondsOf = (count: number): number => {
    const size = dimension.bucketOf(ROWS * count);
    const changed = rows !== 0 && size !== rows;
    rows = size;
    made++;
    if (changed) changes++;
    return device.stepSeconds(size / ROWS) + (changed ? changeSeconds : 0);
  };
  const open = new Map<Arrival, number>(arrivals.map((arrival) => [arrival, arrival.count]));
  const doneAt = new Map<Arrival, number>();
  let [now, arrived, key, samples] = [0, 0, 0, 0];
  while (doneAt.size < arrivals.length) {
    for (let next = arrivals[arrived]; next !== undefined && next.at <= now; next = arrivals[++arrived])
      for (let i = 0; i < next.count; i++) line.add({ key: ++key, arrival: next, stepsLeft: steps });
    const batch = [...line.next()];
    if (batch.length === 0) {
      now = arrivals[arrived]?.at ?? Infinity;
      continue;
    }
    now += secondsOf(batch.length);
    for (const sample of batch) {
      sample.stepsLeft--;
      if (sample.stepsLeft > 0) continue;
      line.remove(sample);
      now += device.finishSeconds;
      samples++;
      const left = (open.get(sample.arrival) ?? 0) - 1;
      open.set(sample.arrival, left);
      if (left === 0) doneAt.set(sample.arrival, now);
    }
  }
  const latencies = arrivals.map((arrival) => (doneAt.get(arrival) ?? NaN) - arrival.at);
  return { latencies, samplesPerSecond: samples / (now - (arrivals[0]?.at ?? 0)), changesPerStep: changes / made };
}

export interface Latencies {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export const latenciesOf = (seconds: readonly number[]): Latencies => ({
  p50: quantile(seconds, 0.5),
  p95: quantile(seconds, 0.95),
  p99: quantile(seconds, 0.99),
});

/** The latencies of samples that arrived one by one. */
export const singles = (arrivals: readonly Arrival[], latencies: readonly number[]): number[] =>
  latencies.filter((_, i) => arrivals[i]?.count === 1);
