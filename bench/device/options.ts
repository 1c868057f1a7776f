/** The options of a part of the device bench, from the environment, and its output. */
import type { Precision } from '../../src/inference/bundle/manifest.ts';
import type { SampleRequest } from '../../src/inference/types.ts';

export const MODELS = 'models';

const numbers = (value: string): number[] => value.split(',').filter(Boolean).map(Number);

export const options = {
  device: process.env['DEVICE'] ?? 'cpu',
  precision: (process.env['PRECISION'] ?? 'fp32') as Precision,
  /** Samples of a step, the fewest first: a device may pad fewer to as many as it had before. */
  batches: numbers(process.env['BATCHES'] ?? '1,2,4,8,16,32,64,128,256').sort((a, b) => a - b),
  /** The denoising steps of an image. */
  steps: Number(process.env['STEPS'] ?? 20),
  /** Samples that are drawn together. */
  queued: Number(process.env['QUEUED'] ?? 256),
  /** Rows of an evaluation, one engine after another; "measured" is what calibration chooses. */
  rows: (process.env['ROWS'] ?? 'measured').split(',').map((rows) => (rows === 'measured' ? null : Number(rows))),
  /** The size of the matrices whose product the denoiser is compared with. `null` is a size that fills the device. */
  size: process.env['SIZE'] === undefined ? null : Number(process.env['SIZE']),
};

/** One line of what was measured, by names. */
export type Figures = Readonly<Record<string, unknown>>;

/** To the bench, at once: what comes later may never come. */
export function report(figures: Figures): void {
  console.log(JSON.stringify(figures));
  process.send?.(figures);
}

/** Requests for the pairs that the bundle was trained on, in turn, each with its own seed. */
export function requestsFor(
  bundle: string,
  pairs: readonly (readonly [product: string, defect: string])[],
  count: number,
  prefix: string,
): SampleRequest[] {
  return Array.from({ length: count }, (_, i) => {
    const [product, defect] = pairs[i % pairs.length] ?? ['', ''];
    return {
      id: `${prefix}${String(i)}`,
      bundle,
      product,
      defect,
      seed: 100 + i,
      strength: 2,
      productScale: 1,
      steps: options.steps,
      sampler: 'DPM_SOLVER_PP',
      guidance: 'DOUBLE_FREE',
      maskMode: 'AVERAGE_FEATURES',
    };
  });
}
