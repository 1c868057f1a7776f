/**
 * The engine's own schedule, and the two policies it is compared with, in virtual time: what a step costs comes from a curve, so
 * that a device can be tried that is not at hand.
 *
 *   npm run bench:simulation            (SECONDS=60, LONG=500, STEPS=20)
 *
 * The curve is that of an NVIDIA H100 in float32, as bench/device.ts measured it (docs/devices.md), and so is what a change of sizes takes.
 */
import { fileURLToPath } from 'node:url';
import type * as Calibration from '../src/inference/device/batch/calibration.js';
import type * as Scheduling from '../src/inference/device/batch/batchScheduler.js';
import type * as Sizing from '../src/inference/device/model/shapeBuckets.js';
import type * as Sessions from '../src/inference/device/model/sessions.js';
import type { Arrival } from './arrivals.ts';
import { behindLong, poisson } from './arrivals.ts';
import { built } from './built.ts';
import { keep } from './results.ts';
import { quantile } from './statistics.ts';

const { budgetOf } = await built<typeof Calibration>('inference/device/batch/calibration.js');
const { createBatchScheduler } = await built<typeof Scheduling>('inference/device/batch/batchScheduler.js');
const { coarseBuckets, createBucketedDimension } = await built<typeof Sizing>('inference/device/model/shapeBuckets.js');
const { executionOptions } = await built<typeof Sessions>('inference/device/model/sessions.js');

/**
 * `static batches`: those that wait when the device is free go together to their end, as many as one step may have.
 * `whole requests`: as static batches, of one request each.
 */
export type Policy = 'this scheduler' | 'static batches' | 'whole requests' | 'one at a time';
export const POLICIES: readonly Policy[] = ['this scheduler', 'static batches', 'whole requests', 'one at a time'];

export interface SimulatedDevice {
  /** Of one step of so many samples. */
  stepSeconds(samples: number): number;
  /** That one step may have. */
  readonly largest: number;
  /** From a sample's last step to its files, during which nothing else is done. */
  readonly finishSeconds: number;
  /** How its rows are padded, and what a step takes longer that has another number of them than the last. @default not at all, nothing */
  readonly sizes?: { readonly rule: Sizing.BucketPolicy | null; readonly changeSeconds: number };
}

interface Waiting {
  readonly key: number;
  readonly arrival: Arrival;
  stepsLeft: number;
}

/** Who takes the next step: none while none is there. */
interface Line {
  add(sample: Waiting): void;
  next(): readonly Waiting[];
  remove(sample: Waiting): void;
}

const ROWS = 3;

/** The engine's, with the budgets that it makes of a curve. */
function scheduled({ stepSeconds, largest }: SimulatedDevice): Line {
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
function oneAfterAnother(atOnce: number, ofOneRequest: boolean): Line {
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

function lineOf(policy: Policy, device: SimulatedDevice): Line {
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
  /** Of the number of rows. */
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

/** Of those that came one by one. */
export const singles = (arrivals: readonly Arrival[], latencies: readonly number[]): number[] =>
  latencies.filter((_, i) => arrivals[i]?.count === 1);

/** Milliseconds of a step of so many samples: medians on an H100, CUDA, float32 with TF32. */
const CURVE = [
  [1, 5.2],
  [2, 4.8],
  [4, 5.3],
  [8, 6.3],
  [16, 7.9],
  [32, 10.7],
  [64, 14.4],
  [128, 29.2],
  [256, 47.2],
] as const;
/** What a step took longer there that had another size than the one before. */
const CHANGE_SECONDS = 0.26;

function curveSeconds(samples: number): number {
  const above = CURVE.findIndex(([size]) => size >= samples);
  const [right, more] = CURVE.at(above) ?? [1, 0];
  const [left, less] = CURVE[above - 1] ?? [right, more];
  return (right === left ? more : less + ((more - less) * (samples - left)) / (right - left)) / 1000;
}

type Told = Latencies & Omit<SimulatedInTime, 'latencies'>;
type Sizes = NonNullable<SimulatedDevice['sizes']>;
const { buckets: rule } = executionOptions('cuda:0', null);
const patience = rule?.patience ?? 0;
const measured = CURVE.map(([samples, ms]) => ({ samples, seconds: ms / 1000 }));
const coarse = coarseBuckets(measured, 256);
const SIZES: Readonly<Record<string, Sizes>> = {
  'few sizes': { rule: { patience, coarse }, changeSeconds: CHANGE_SECONDS },
  'few sizes, small ones too': { rule: { patience }, changeSeconds: CHANGE_SECONDS },
  'few sizes, the larger one not kept': { rule: { patience: 0, coarse }, changeSeconds: CHANGE_SECONDS },
  'any size': { rule: null, changeSeconds: CHANGE_SECONDS },
  'any size, if a change cost nothing': { rule: null, changeSeconds: 0 },
};

function simulateGpu(): void {
  const seconds = Number(process.env['SECONDS'] ?? 60);
  const long = Number(process.env['LONG'] ?? 500);
  const steps = Number(process.env['STEPS'] ?? 20);
  const gpu: SimulatedDevice = { stepSeconds: curveSeconds, largest: 256, finishSeconds: 0 };
  const alone = steps * gpu.stepSeconds(1);
  const capacity = gpu.largest / (steps * gpu.stepSeconds(gpu.largest));
  console.log(
    `A GPU of the steps of an H100 (float32): at most ${capacity.toFixed(0)} samples/s, one alone ${(1000 * alone).toFixed(0)} ms`,
  );
  const cases = [
    ...[0.3, 0.6, 0.9].map((share) => ({
      name: `${String(100 * share)} % of capacity`,
      arrivals: poisson(share * capacity, seconds, 7),
    })),
    {
      name: `beside ${String(long)} of another share`,
      arrivals: behindLong(long, poisson(0.1 * capacity, seconds / 60, 7)),
    },
  ];
  const tell = (name: string, policy: Policy, sizes: Sizes, arrivals: readonly Arrival[]): Told => {
    const { latencies, samplesPerSecond, changesPerStep } = simulate(policy, arrivals, steps, { ...gpu, sizes });
    const each = latenciesOf(singles(arrivals, latencies));
    console.log(
      `  ${name.padEnd(36)} p50 ${each.p50.toFixed(2)}, p95 ${each.p95.toFixed(2)}, p99 ${each.p99.toFixed(2)} s, ` +
        `${(each.p50 / alone).toFixed(1)} × alone; ${samplesPerSecond.toFixed(1)} samples/s, ${(100 * changesPerStep).toFixed(1)} changes in 100 steps`,
    );
    return { ...each, samplesPerSecond, changesPerStep };
  };
  // One that always takes one sample has nothing to change.
  const sizesFor = (policy: Policy): Sizes =>
    SIZES[policy === 'this scheduler' || policy === 'static batches' ? 'few sizes' : 'any size'] as Sizes;
  const results = cases.map(({ name, arrivals }) => {
    console.log(name);
    const policies = POLICIES.map((policy) => ({ policy, ...tell(policy, policy, sizesFor(policy), arrivals) }));
    const sizes = Object.entries(SIZES).map(([how, own]) => ({ how, ...tell(how, 'this scheduler', own, arrivals) }));
    return { name, policies, sizes };
  });
  keep(
    'simulation',
    { curve: CURVE, changeSeconds: CHANGE_SECONDS, alone, capacity, results },
    Object.fromEntries(
      results.map(({ name, policies }) => [
        `simulated GPU, one sample, ${name}`,
        policies.map(({ policy, p50 }) => `${policy} ${(p50 / alone).toFixed(1)} ×`).join(', '),
      ]),
    ),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) simulateGpu();
