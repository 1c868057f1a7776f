/**
 * What an evaluation's rows are told, as the denoiser of a bundle takes it: texts, or the modulations of its layers that
 * follow from (timestep, text) alone. Those are computed once for every distinct pair and kept: samples of one generation
 * share them, at every step.
 */
import type { InferenceSession } from 'onnxruntime-node';
import type * as ort from 'onnxruntime-node';

import type { Evaluation } from './evaluation.js';
import { padToLength } from './shapeBuckets.js';
import type { ScratchBuffers } from './tensors.js';
import { createScratchBuffers, int64Tensor, stackVectors } from './tensors.js';
import type { EmbedText } from './textEncoder.js';

/** The denoiser's inputs that say under which conditions its rows are. @param scratch for those that are large. */
export type ConditioningInputs = (
  evaluation: Evaluation,
  scratch?: ScratchBuffers,
) => Promise<Record<string, ort.Tensor>>;

/** For a denoiser that works out the modulations by itself. */
export function conditionsFromTexts(embed: EmbedText): ConditioningInputs {
  const texts = async (phrases: readonly string[]): Promise<ort.Tensor> =>
    stackVectors(await Promise.all(phrases.map(embed)));
  return async ({ background, defect, fusion }) => ({
    background_text: await texts(background),
    defect_text: await texts(defect),
    fusion_text: await texts(fusion),
  });
}

/** The parts of the denoiser, in the order in which the graph gives their modulations. */
const PARTS = ['background', 'defect', 'fusion'] as const;
type Part = (typeof PARTS)[number];

/** Of modulations that are kept; the small bundle has 22 kB of each. What was used least lately is forgotten first. */
const BYTES_KEPT = 64 * 2 ** 20;

interface MissingModulation {
  readonly part: Part;
  readonly phrase: string;
  readonly timestep: number;
}

export interface ModulationOptions {
  readonly cacheBytes?: number;
  /** Of so many conditions in one run of the graph. */
  readonly sizeOf?: (count: number) => number;
}

export function conditionsFromModulations(
  embed: EmbedText,
  session: InferenceSession,
  { cacheBytes = BYTES_KEPT, sizeOf = (count) => count }: ModulationOptions = {},
): ConditioningInputs {
  const kept = new Map<string, Float32Array>();
  let bytes = 0;

  const keep = (key: string, vector: Float32Array): void => {
    kept.set(key, vector);
    bytes += vector.byteLength;
  };

  const forget = (): void => {
    for (const [key, vector] of kept) {
      if (bytes <= cacheBytes) return;
      kept.delete(key);
      bytes -= vector.byteLength;
    }
  };

  /** All of them in one run of the graph, which gives all parts for every condition. */
  const compute = async (missing: ReadonlyMap<string, MissingModulation>): Promise<void> => {
    const wanted = [...missing];
    const size = sizeOf(wanted.length);
    const texts = await Promise.all(wanted.map(([, { phrase }]) => embed(phrase)));
    const outputs = await session.run({
      timestep: int64Tensor(
        padToLength(
          wanted.map(([, { timestep }]) => timestep),
          size,
        ),
      ),
      text: stackVectors(padToLength(texts, size)),
    });
    wanted.forEach(([key, { part }], i) => {
      const all = outputs[`${part}_modulation`]?.data as Float32Array;
      const width = all.length / size;
      keep(key, all.slice(i * width, (i + 1) * width));
    });
  };

  return async (evaluation, scratch = createScratchBuffers()) => {
    const keys = new Map<Part, string[]>();
    const missing = new Map<string, MissingModulation>();
    for (const part of PARTS) {
      const ofPart = evaluation[part].map((phrase, row) => {
        const timestep = timestepOfRow(evaluation, part, row);
        const key = `${part} ${String(timestep)} ${phrase}`;
        const found = kept.get(key);
        if (found === undefined) missing.set(key, { part, phrase, timestep });
        else {
          kept.delete(key);
          kept.set(key, found);
        }
        return key;
      });
      keys.set(part, ofPart);
    }
    if (missing.size > 0) await compute(missing);
    const inputs: Record<string, ort.Tensor> = {};
    for (const [part, ofPart] of keys) {
      const rows = ofPart.map((key) => kept.get(key) as Float32Array);
      inputs[`${part}_modulation`] = stackVectors(rows, scratch(part));
    }
    // After they are read: those of one evaluation may be more than are kept.
    forget();
    return inputs;
  };
}

function timestepOfRow({ timesteps, backgroundSample, rowBackground }: Evaluation, part: Part, row: number): number {
  const background = part === 'background' ? row : (rowBackground[row] ?? 0);
  return timesteps[backgroundSample[background] ?? 0] ?? 0;
}
