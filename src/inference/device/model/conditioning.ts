/**
 * The conditioning inputs of the denoiser: text embeddings, or the modulations of its layers, which depend on (timestep, text) alone.
 * Modulations are computed once for each distinct pair and cached, because the samples of a generation share them at every step.
 */
import type { InferenceSession } from 'onnxruntime-node';
import type * as ort from 'onnxruntime-node';

import type { Evaluation } from './evaluation.js';
import { padToLength } from './shapeBuckets.js';
import type { ScratchBuffers } from './tensors.js';
import { createScratchBuffers, int64Tensor, stackVectors } from './tensors.js';
import type { EmbedText } from './textEncoder.js';

/** Computes the conditioning inputs of an evaluation. @param scratch memory for the large ones */
export type ConditioningInputs = (
  evaluation: Evaluation,
  scratch?: ScratchBuffers,
) => Promise<Record<string, ort.Tensor>>;

/** For a denoiser that computes the modulations itself. */
export function conditionsFromTexts(embed: EmbedText): ConditioningInputs {
  const texts = async (phrases: readonly string[]): Promise<ort.Tensor> =>
    stackVectors(await Promise.all(phrases.map(embed)));
  return async ({ background, defect, fusion }) => ({
    background_text: await texts(background),
    defect_text: await texts(defect),
    fusion_text: await texts(fusion),
  });
}

/** The parts of the denoiser, in the order of the graph's outputs. */
const PARTS = ['background', 'defect', 'fusion'] as const;
type Part = (typeof PARTS)[number];

/** The size of the modulation cache. A modulation of the small bundle has 22 kB. The least recently used one is dropped first. */
const CACHE_BYTES = 64 * 2 ** 20;

interface MissingModulation {
  readonly part: Part;
  readonly phrase: string;
  readonly timestep: number;
}

export interface ModulationOptions {
  readonly cacheBytes?: number;
  /** The bucket size for a number of conditions in one run of the graph. */
  readonly sizeOf?: (count: number) => number;
}

export function conditionsFromModulations(
  embed: EmbedText,
  session: InferenceSession,
  { cacheBytes = CACHE_BYTES, sizeOf = (count) => count }: ModulationOptions = {},
): ConditioningInputs {
  const cache = new Map<string, Float32Array>();
  let bytes = 0;

  const store = (key: string, vector: Float32Array): void => {
    cache.set(key, vector);
    bytes += vector.byteLength;
  };

  const evict = (): void => {
    for (const [key, vector] of cache) {
      if (bytes <= cacheBytes) return;
      cache.delete(key);
      bytes -= vector.byteLength;
    }
  };

  /** Computes them in one run of the graph, which gives all parts for each condition. */
  const compute = async (missing: ReadonlyMap<string, MissingModulation>): Promise<void> => {
    const conditions = [...missing];
    const size = sizeOf(conditions.length);
    const texts = await Promise.all(conditions.map(([, { phrase }]) => embed(phrase)));
    const outputs = await session.run({
      timestep: int64Tensor(
        padToLength(
          conditions.map(([, { timestep }]) => timestep),
          size,
        ),
      ),
      text: stackVectors(padToLength(texts, size)),
    });
    conditions.forEach(([key, { part }], i) => {
      const all = outputs[`${part}_modulation`]?.data as Float32Array;
      const width = all.length / size;
      store(key, all.slice(i * width, (i + 1) * width));
    });
  };

  return async (evaluation, scratch = createScratchBuffers()) => {
    const keys = new Map<Part, string[]>();
    const missing = new Map<string, MissingModulation>();
    for (const part of PARTS) {
      const ofPart = evaluation[part].map((phrase, row) => {
        const timestep = timestepOfRow(evaluation, part, row);
        const key = `${part} ${String(timestep)} ${phrase}`;
        const found = cache.get(key);
        if (found === undefined) missing.set(key, { part, phrase, timestep });
        else {
          cache.delete(key);
          cache.set(key, found);
        }
        return key;
      });
      keys.set(part, ofPart);
    }
    if (missing.size > 0) await compute(missing);
    const inputs: Record<string, ort.Tensor> = {};
    for (const [part, ofPart] of keys) {
      const rows = ofPart.map((key) => cache.get(key) as Float32Array);
      inputs[`${part}_modulation`] = stackVectors(rows, scratch(part));
    }
    // After the modulations have been read: one evaluation may need more than the cache holds.
    evict();
    return inputs;
  };
}

function timestepOfRow({ timesteps, backgroundSample, rowBackground }: Evaluation, part: Part, row: number): number {
  const background = part === 'background' ? row : (rowBackground[row] ?? 0);
  return timesteps[backgroundSample[background] ?? 0] ?? 0;
}
