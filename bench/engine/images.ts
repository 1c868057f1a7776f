/**
 * Images a second: the engine's engine, from the request to the PNG files of image, mask and overlay, against the reference
 * sampler in PyTorch, which ends with the pixels. The same bundle, steps, threads and samples.
 */
import type { Precision } from '../../src/inference/bundle/manifest.ts';
import type * as Inference from '../../src/inference/index.ts';
import { drawnBundle } from '../bundle.ts';
import { importBuilt } from '../importBuilt.ts';
import type { Spread } from '../statistics.ts';
import { ratios, spread, formatSpread } from '../statistics.ts';
import type { Reference } from './reference.ts';
import { generateAll } from '../generateAll.ts';

const { openEngine } = await importBuilt<typeof Inference>('inference/index.js');
const BATCHES = [1, 8];
/** How PyTorch computes (reference.py), and what that is called. */
const MODES: Readonly<Record<string, string>> = {
  'eager three': 'PyTorch eager as published, three full evaluations a step',
  eager: 'PyTorch eager, shared backgrounds',
  bf16: 'PyTorch eager, shared backgrounds, bfloat16',
  compiled: 'PyTorch compiled, shared backgrounds',
  'compiled bf16': 'PyTorch compiled, shared backgrounds, bfloat16',
};
/** Against which ratios are taken. */
const PUBLISHED = 'eager three';

export interface Images {
  /** By batch and way: images a second, and how many times as many as PyTorch's as published. */
  readonly ways: Readonly<Record<string, { readonly rate: Spread; readonly ratio: Spread }>>;
  readonly said: Record<string, string>;
}

type Way = (batch: number) => Promise<number | null>;

export async function images(
  reference: Reference,
  { steps, rounds, compiled }: { steps: number; rounds: number; compiled: boolean },
): Promise<Images> {
  const engines = new Map<Precision, Inference.Engine>();
  for (const precision of ['fp32', 'int8'] as const)
    engines.set(precision, await openEngine({ modelsDirectory: 'models', precision }));
  const modes = Object.entries(MODES).filter(([mode]) => compiled || !mode.includes('compiled'));
  const ways = new Map<string, Way>([
    ...modes.map(([mode, name]) => [name, (batch: number) => reference.seconds(mode, batch, steps)] as const),
    ...[...engines].flatMap(([precision, engine]) => [
      [`engine ${precision}`, (batch: number) => secondsOf(engine, batch, 'DPM_SOLVER_PP', steps)] as const,
      ...(drawnBundle(engine).manifest.turbo?.steps ?? []).map(
        (few) =>
          [
            `engine ${precision}, \`TURBO\` in ${String(few)} steps`,
            (batch: number) => secondsOf(engine, batch, 'TURBO', few),
          ] as const,
      ),
    ]),
  ]);

  const figures: Record<string, { rate: Spread; ratio: Spread }> = {};
  for (const batch of BATCHES) {
    const rates = new Map<string, number[]>();
    // The first round warms up, and compiles.
    for (let round = 0; round <= rounds; round++) {
      for (const [name, way] of ways) {
        const seconds = await way(batch);
        if (seconds === null) ways.delete(name);
        else if (round > 0) rates.set(name, [...(rates.get(name) ?? []), batch / seconds]);
      }
    }
    const published = rates.get(MODES[PUBLISHED] ?? '') ?? [];
    for (const [name, own] of rates) {
      const figure = { rate: spread(own), ratio: ratios(own, published) };
      figures[`${name}, ${String(batch)}`] = figure;
      console.log(
        `${name}, ${String(batch)} at a time: ${formatSpread(figure.rate, 2)} images/s, ${formatSpread(figure.ratio, 2)} × PyTorch as published`,
      );
    }
  }
  for (const engine of engines.values()) await engine.close();
  const said = Object.fromEntries(
    Object.entries(figures).map(([name, { rate, ratio }]) => [
      `${name} at a time`,
      `${rate.median.toFixed(2)} images/s, ${formatSpread(ratio, 2)} × PyTorch as published`,
    ]),
  );
  return { ways: figures, said };
}

let drawn = 0;

/** One at a time, each waits for the one before; a batch is handed over together. */
async function secondsOf(
  engine: Inference.Engine,
  batch: number,
  sampler: Inference.SamplerName,
  steps: number,
): Promise<number> {
  const bundle = drawnBundle(engine).id;
  const requests = Array.from({ length: batch }, (_, i): Inference.SampleRequest => ({
    id: String(++drawn),
    bundle,
    product: 'steel strip',
    defect: 'patch',
    seed: i,
    strength: 2,
    productScale: 1,
    steps,
    sampler,
    guidance: 'DOUBLE_FREE',
    maskMode: 'AVERAGE_FEATURES',
  }));
  const began = performance.now();
  await generateAll(engine, requests);
  return (performance.now() - began) / 1000;
}
