/**
 * How long one waits: single samples that arrive at random at 30, 60 and 90 % of what the device can do, and beside another
 * share's long generation. The engine's scheduler against the policies of policySimulation.ts; all see the same arrivals. Each is then simulated with the step times that were measured here, to see how far
 * the simulation can be believed.
 *
 *   npm run bench:load            (SECONDS=40 of arrivals, LONG=500, STEPS=20; about ten minutes on two cores)
 */
import type * as Engine from '../src/inference/index.js';
import type { Arrival } from './arrivals.ts';
import { behindLong, poisson } from './arrivals.ts';
import { drawnBundle } from './bundle.ts';
import { importBuilt } from './importBuilt.ts';
import { driverOf } from './policies.ts';
import { saveResults } from './saveResults.ts';
import type { Latencies, Policy, SimulatedDevice, Simulated } from './policySimulation.ts';
import { POLICIES, latenciesOf, simulate, singles } from './policySimulation.ts';
import { median } from './statistics.ts';

const { openEngine } = await importBuilt<typeof Engine>('inference/index.js');

const SECONDS = Number(process.env['SECONDS'] ?? 40);
const LONG = Number(process.env['LONG'] ?? 500);
const STEPS = Number(process.env['STEPS'] ?? 20);
/** The share of the capacity that single samples take beside the long generation. */
const BESIDE = 0.1;

/** Seconds of each step, by how many samples were in it. */
let stepSeconds = new Map<number, number[]>();
const onStep = ({ samples, seconds }: { samples: number; seconds: number }): void =>
  void stepSeconds.set(samples, [...(stepSeconds.get(samples) ?? []), seconds]);

const engine = await openEngine({ modelsDirectory: 'models', onStep });
const bundle = drawnBundle(engine);
const capacities = engine.devices().flatMap((device) => device.capacities);
/** Samples of three rows that one step may have. */
const largest = Math.max(1, Math.floor((capacities.find((one) => one.bundle === bundle.id)?.rows ?? 3) / 3));
let drawn = 0;
const samplesOf = ({ count, share }: Pick<Arrival, 'count' | 'share'>): Engine.SampleRequest[] =>
  Array.from({ length: count }, () => ({
    ...bundle.manifest.defaults,
    id: String(++drawn),
    bundle: bundle.id,
    product: 'steel strip',
    defect: 'patch',
    seed: drawn,
    strength: 1,
    steps: STEPS,
    sampler: 'DPM_SOLVER_PP',
    maskMode: 'AVERAGE_FEATURES',
    fairnessKey: share,
  }));

const draw = (count: number): Promise<void> =>
  driverOf('this scheduler', engine, 1)(samplesOf({ count, share: 'single' }));

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

/** The same arrivals, in real time. */
async function run(policy: Policy, arrivals: readonly Arrival[]): Promise<Simulated> {
  const driver = driverOf(policy, engine, largest);
  const began = performance.now();
  const now = (): number => (performance.now() - began) / 1000;
  const latencies = await Promise.all(
    arrivals.map(async (arrival) => {
      await new Promise((resolve) => setTimeout(resolve, 1000 * arrival.at));
      await driver(samplesOf(arrival));
      return now() - arrival.at;
    }),
  );
  const samples = arrivals.reduce((sum, { count }) => sum + count, 0);
  return { latencies, samplesPerSecond: samples / (now() - (arrivals[0]?.at ?? 0)) };
}

const told = ({ p50, p95, p99 }: Latencies): string =>
  `p50 ${p50.toFixed(2)}, p95 ${p95.toFixed(2)}, p99 ${p99.toFixed(2)} s`;

try {
  // The first draw of a process is slower than the rest.
  await draw(1);
  const alone: number[] = [];
  for (let round = 0; round < 7; round++) alone.push(await secondsOf(() => draw(1)));
  const one = median(alone);
  stepSeconds = new Map();
  const saturated = Math.ceil(15 / one);
  const capacity = saturated / (await secondsOf(() => draw(saturated)));
  console.log(
    `one sample alone ${one.toFixed(2)} s, capacity ${capacity.toFixed(2)} samples/s; latencies of single samples:`,
  );

  const cases = [
    ...[0.3, 0.6, 0.9].map((share) => ({
      name: `${String(100 * share)} % of capacity`,
      arrivals: poisson(share * capacity, SECONDS, 7),
    })),
    {
      name: `beside ${String(LONG)} of another share`,
      arrivals: behindLong(LONG, poisson(BESIDE * capacity, SECONDS, 7)),
    },
  ];
  const real: (Latencies & { name: string; policy: Policy; samplesPerSecond: number })[] = [];
  for (const { name, arrivals } of cases) {
    console.log(`${name}, ${String(arrivals.filter(({ count }) => count === 1).length)} arrivals`);
    for (const policy of POLICIES) {
      const { latencies, samplesPerSecond } = await run(policy, arrivals);
      const each = latenciesOf(singles(arrivals, latencies));
      console.log(
        `  ${policy.padEnd(15)} ${told(each)}, ${(each.p50 / one).toFixed(1)} × alone; ${samplesPerSecond.toFixed(2)} samples/s`,
      );
      real.push({ name, policy, ...each, samplesPerSecond });
    }
  }

  const curve = new Map([...stepSeconds].map(([samples, seconds]) => [samples, median(seconds)]));
  const seen = Math.max(...curve.keys());
  const device: SimulatedDevice = {
    stepSeconds: (samples) => curve.get(samples) ?? (samples * (curve.get(seen) ?? 0)) / seen,
    largest,
    finishSeconds: Math.max(0, one - STEPS * (curve.get(1) ?? NaN)),
  };
  console.log('simulated with the measured step times, and p50 against the real run:');
  const simulated = cases.flatMap(({ name, arrivals }) =>
    POLICIES.map((policy) => {
      const { latencies, samplesPerSecond } = simulate(policy, arrivals, STEPS, device);
      const each = latenciesOf(singles(arrivals, latencies));
      const same = real.find((other) => other.name === name && other.policy === policy);
      const ratio = each.p50 / (same?.p50 ?? NaN);
      console.log(`  ${name}, ${policy}: ${told(each)}, ${ratio.toFixed(2)} ×`);
      return { name, policy, ...each, samplesPerSecond };
    }),
  );
  saveResults(
    'load',
    { seconds: SECONDS, long: LONG, alone: one, capacity, curve: [...curve], real, simulated },
    Object.fromEntries(
      cases.map(({ name }) => [
        `one sample, ${name}`,
        real
          .filter((each) => each.name === name)
          .map(({ policy, p50 }) => `${policy} ${(p50 / one).toFixed(1)} ×`)
          .join(', '),
      ]),
    ),
  );
} finally {
  await engine.close();
}
