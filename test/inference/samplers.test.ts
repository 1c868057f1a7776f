import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { ddim } from '../../src/inference/method/samplers/ddim.js';
import { ddpm, posterior } from '../../src/inference/method/samplers/ddpm.js';
import { dpmSolverPp } from '../../src/inference/method/samplers/dpmSolver.js';
import type { Sampler } from '../../src/inference/method/samplers/index.js';
import { createSampler } from '../../src/inference/method/samplers/index.js';
import { alphasCumprod, timestepsAboveZero, timestepsToZero } from '../../src/inference/method/noiseSchedule.js';

interface Trajectory {
  readonly steps: number;
  readonly timesteps: number[];
  readonly latents: number[][];
  readonly noises?: number[][];
}
type Golden = { readonly start: number[] } & Record<
  'ddpm_fixed_small' | 'ddpm_learned_range' | 'ddim_leading' | 'ddim_linspace' | 'dpm_solver',
  Trajectory[]
>;

const golden = JSON.parse(
  readFileSync(fileURLToPath(new URL('./golden/trajectories.json', import.meta.url)), 'utf8'),
) as Golden;
const schedule = {
  numTrainTimesteps: 1000,
  betaStart: 1e-4,
  betaEnd: 0.02,
  betaSchedule: 'linear',
  varianceType: 'fixed_small',
} as const;
const alphaBar = alphasCumprod(schedule);

/** The model of golden/make_trajectories.py. */
const epsilonOf = (x: Float32Array, t: number): Float32Array => x.map((value) => 0.6 * value + 0.3 * Math.sin(t) + 0.1);
const varianceOf = (x: Float32Array, t: number): Float32Array => x.map((value) => Math.tanh(value) * Math.cos(t));

function run(
  sampler: Sampler,
  epsilon: (x: Float32Array, t: number) => Float32Array,
  noises?: number[][],
): Float32Array[] {
  let latent = Float32Array.from(golden.start);
  let previousPrediction: Float32Array | null = null;
  return sampler.timesteps.map((t, index) => {
    const result = sampler.step({
      index,
      latent,
      epsilon: epsilon(latent, t),
      variance: varianceOf(latent, t),
      previousPrediction,
      noise: () => Float32Array.from(noises?.[index] ?? []),
    });
    previousPrediction = result.predictedOriginal;
    latent = result.latent;
    return latent;
  });
}

/** The largest difference over the whole trajectory, relative where the values are large. */
function largestDifference(latents: Float32Array[], expected: number[][]): number {
  return Math.max(
    ...latents.flatMap((x, i) =>
      Array.from(x, (v, n) => Math.abs(v - (expected[i]?.[n] ?? NaN)) / Math.max(1, Math.abs(v))),
    ),
  );
}

describe('samplers take the same way as those of diffusers, to 1e-5', () => {
  const cases: [string, Trajectory[], (timesteps: number[]) => Sampler][] = [
    ['DDPM, fixed variance', golden.ddpm_fixed_small, (t) => ddpm(alphaBar, t, 'fixed_small')],
    ['DDPM, learned variance', golden.ddpm_learned_range, (t) => ddpm(alphaBar, t, 'learned_range')],
    ['DDIM, leading', golden.ddim_leading, (t) => ddim(alphaBar, t)],
    ['DDIM, linspace', golden.ddim_linspace, (t) => ddim(alphaBar, t)],
    ['DPM-Solver++(2M)', golden.dpm_solver, (t) => dpmSolverPp(alphaBar, t)],
  ];
  const rows = cases.flatMap(([name, trajectories, make]) =>
    trajectories.map((trajectory) => ({ name, trajectory, make })),
  );

  test.each(rows)('$name, $trajectory.steps steps', ({ trajectory, make }) => {
    const latents = run(make(trajectory.timesteps), epsilonOf, trajectory.noises);
    expect(latents).toHaveLength(trajectory.steps);
    expect(largestDifference(latents, trajectory.latents)).toBeLessThan(1e-5);
  });

  test('and visit the same timesteps', () => {
    for (const { steps, timesteps } of [...golden.ddpm_fixed_small, ...golden.ddim_linspace]) {
      expect(timestepsToZero(1000, steps)).toEqual(timesteps);
    }
    for (const { steps, timesteps } of golden.dpm_solver) expect(timestepsAboveZero(1000, steps)).toEqual(timesteps);
  });
});

describe('where the data is a single point, and so the best prediction is known', () => {
  const point = Float32Array.from(golden.start, (value) => value / 3 - 0.2);
  const perfect = (x: Float32Array, t: number): Float32Array => {
    const a = alphaBar[t] ?? NaN;
    return x.map((value, i) => (value - Math.sqrt(a) * (point[i] ?? NaN)) / Math.sqrt(1 - a));
  };

  test.each(['DDPM', 'DDIM', 'DPM_SOLVER_PP'] as const)('%s ends at the point', (name) => {
    const noises = Array.from({ length: 20 }, () => golden.start);
    const last = run(createSampler(name, schedule, 20), perfect, noises).at(-1);
    expect(largestDifference(last ? [last] : [], [[...point]])).toBeLessThan(1e-4);
  });
});

test('the posterior of 50 spaced steps has the coefficients of method.md §2.4', () => {
  const table = posterior(Float64Array.from(timestepsToZero(1000, 50), (t) => alphaBar[t] ?? NaN).reverse());
  expect(table.beta[0]).toBeCloseTo(1e-4, 12);
  expect(table.beta[1]).toBeCloseTo(0.006165187946595374, 12);
  expect(table.beta[49]).toBeCloseTo(0.32980906609465943, 12);
  expect(table.variance[1]).toBeCloseTo(9.841356296513845e-5, 15);
  expect(table.variance[49]).toBeCloseTo(0.32980251555624623, 12);
  expect(table.logVariance[0]).toBeCloseTo(-9.226331928392868, 9);
  expect(table.meanOfClean[49]).toBeCloseTo(0.0025594536120953086, 12);
  expect(table.meanOfLatent[49]).toBeCloseTo(0.8186356405815587, 12);
});

test('a learned variance that the denoiser did not give is an error, not a silent NaN', () => {
  const sampler = ddpm(alphaBar, timestepsToZero(1000, 5), 'learned_range');
  const latent = Float32Array.from(golden.start);
  expect(() =>
    sampler.step({ index: 0, latent, epsilon: latent, previousPrediction: null, noise: () => latent }),
  ).toThrow(/learned variance/);
});

test('more steps than there are timesteps are refused', () => {
  expect(() => createSampler('DPM_SOLVER_PP', schedule, 1000)).toThrow(
    'steps must be a whole number from 1 to 999, got 1000',
  );
  expect(() => createSampler('DDPM', schedule, 1001)).toThrow(RangeError);
  expect(() => createSampler('DDIM', schedule, 2.5)).toThrow(RangeError);
});
