/**
 * Latencies and throughput of the engine's scheduler and of other policies on a simulated GPU.
 *
 *   npm run bench:simulation            (SECONDS=60, LONG=500, STEPS=20)
 *
 * The step curve is that of an NVIDIA H100 in float32, as bench/device.ts measured it (docs/devices.md). So is the duration of a size
 * change.
 */
import type * as Bucketing from '../src/inference/device/model/shapeBuckets.js';
import type * as Sessions from '../src/inference/device/model/sessions.js';
import type { Arrival } from './arrivals.ts';
import { behindLong, poisson } from './arrivals.ts';
import { importBuilt } from './importBuilt.ts';
import type { Latencies, Policy, SimulatedDevice, SimulatedInTime } from './policySimulation.ts';
import { POLICIES, latenciesOf, simulate, singles } from './policySimulation.ts';
import { saveResults } from './saveResults.ts';

const { coarseBuckets } = await importBuilt<typeof Bucketing>('inference/device/model/shapeBuckets.js');
const { executionOptions } = await importBuilt<typeof Sessions>('inference/device/model/sessions.js');

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
/** The extra duration of a step whose size differs from the previous step, on that GPU. */
const CHANGE_SECONDS = 0.26;

function curveSeconds(samples: number): number {
  const above = CURVE.findIndex(([size]) => size >= samples);
  const [right, more] = CURVE.at(above) ?? [1, 0];
  const [left, less] = CURVE[above - 1] ?? [right, more];
  return (right === left ? more : less + ((more - less) * (samples - left)) / (right - left)) / 1000;
}

type Measured = Latencies & Omit<SimulatedInTime, 'latencies'>;
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
  const measurePolicy = (name: string, policy: Policy, sizes: Sizes, arrivals: readonly Arrival[]): Measured => {
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
    const policies = POLICIES.map((policy) => ({
      policy,
      ...measurePolicy(policy, policy, sizesFor(policy), arrivals),
    }));
    const sizes = Object.entries(SIZES).map(([how, own]) => ({
      how,
      ...measurePolicy(how, 'this scheduler', own, arrivals),
    }));
    return { name, policies, sizes };
  });
  saveResults(
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

simulateGpu();
