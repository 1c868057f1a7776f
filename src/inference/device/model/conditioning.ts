/**
 * The conditioning inputs of the denoiser: text embeddings, or the modulations of its layers, which depend on (timestep, text) alone.
 * Modulations are computed once for each distinct pair and cached, because the samples of a generation share them at every step.
 */
import type { InferenceSession } from 'onnxruntime-node';
import type * as ort from 'onnxruntime-node';

import { InferenceError } from '../../errors.js';
import type { Evaluation, TurboStep } from './evaluation.js';
import type { Condition, OpenAdapter, Part } from './modulationChanges.js';
import { PARTS } from './modulationChanges.js';
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

/** The size of the modulation cache. A modulation of the small bundle has 22 kB. The least recently used one is dropped first. */
const CACHE_BYTES = 64 * 2 ** 20;

interface MissingModulation extends Condition {
  /** The ID of the adapter that changes it. */
  readonly adapter: string | null;
  readonly turbo: TurboStep | null;
}

export interface ModulationOptions {
  readonly cacheBytes?: number;
  /** The bucket size for a number of conditions in one run of the graph. */
  readonly sizeOf?: (count: number) => number;
  /** By ID; it can change between evaluations. Modulations of an adapter that is closed stay until the cache needs the memory. */
  readonly adapters?: ReadonlyMap<string, OpenAdapter>;
  /** The graph of the student's modulations. */
  readonly turbo?: InferenceSession | null;
}

export function conditionsFromModulations(
  embed: EmbedText,
  session: InferenceSession,
  { cacheBytes = CACHE_BYTES, sizeOf = (count) => count, adapters = new Map(), turbo = null }: ModulationOptions = {},
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

  const adapterOf = (id: string): OpenAdapter => {
    const adapter = adapters.get(id);
    if (adapter === undefined) throw new InferenceError(`the adapter ${id} is not open on this device`);
    return adapter;
  };

  const embedding = async ({ adapter, phrase }: MissingModulation): Promise<Float32Array> =>
    adapter === null ? embed(phrase) : adapterOf(adapter).embed(phrase);

  /** Adds what each adapter changes. The modulations of rows without an adapter are not touched. */
  const addChanges = async (
    conditions: readonly MissingModulation[],
    vectors: readonly Float32Array[],
  ): Promise<void> => {
    const byAdapter = Map.groupBy(conditions.keys(), (i) => conditions[i]?.adapter ?? null);
    for (const [id, indices] of byAdapter) {
      if (id === null) continue;
      const changes = await adapterOf(id).changes(
        indices.map((i) => conditions[i] as MissingModulation),
        sizeOf,
      );
      indices.forEach((i, own) => addInPlace(vectors[i] as Float32Array, changes[own] as Float32Array));
    }
  };

  const graphOf = (ofStudent: boolean): InferenceSession => {
    if (!ofStudent) return session;
    if (turbo === null) throw new InferenceError('the sampler TURBO needs a student, which this bundle does not have');
    return turbo;
  };

  /** Computes them in one run of the graph, or of the student's, which gives all parts for each condition. */
  const compute = async (
    missing: readonly (readonly [string, MissingModulation])[],
    ofStudent: boolean,
  ): Promise<void> => {
    const conditions = missing.map(([, condition]) => condition);
    const size = sizeOf(conditions.length);
    const texts = await Promise.all(conditions.map(embedding));
    const timesteps = conditions.map(({ timestep }) => timestep);
    const outputs = await graphOf(ofStudent).run({
      timestep: int64Tensor(padToLength(timesteps, size)),
      text: stackVectors(padToLength(texts, size)),
      ...(ofStudent ? turboInputs(padToLength(conditions, size)) : {}),
    });
    const vectors = conditions.map(({ part }, i) => {
      const all = outputs[`${part}_modulation`]?.data as Float32Array;
      const width = all.length / size;
      return all.slice(i * width, (i + 1) * width);
    });
    // Before they are stored: a concurrent evaluation may read the cache.
    await addChanges(conditions, vectors);
    missing.forEach(([key], i) => store(key, vectors[i] as Float32Array));
  };

  return async (evaluation, scratch = createScratchBuffers()) => {
    const keys = new Map<Part, string[]>();
    const missing = new Map<string, MissingModulation>();
    for (const part of PARTS) {
      const ofPart = evaluation[part].map((phrase, row) => {
        const sample = sampleOfRow(evaluation, part, row);
        const timestep = evaluation.timesteps[sample] ?? 0;
        const adapter = evaluation.adapters[sample] ?? null;
        const turboStep = evaluation.turbo[sample] ?? null;
        const key = `${part} ${String(timestep)} ${turboKey(turboStep)} ${adapter ?? ''} ${phrase}`;
        const found = cache.get(key);
        if (found === undefined) missing.set(key, { part, phrase, timestep, adapter, turbo: turboStep });
        else {
          cache.delete(key);
          cache.set(key, found);
        }
        return key;
      });
      keys.set(part, ofPart);
    }
    for (const [ofStudent, group] of Map.groupBy(missing, ([, condition]) => condition.turbo !== null))
      await compute(group, ofStudent);
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

function turboKey(step: TurboStep | null): string {
  return step === null ? '' : `${String(step.nextTimestep)}/${step.guidance.join('/')}`;
}

function turboInputs(conditions: readonly MissingModulation[]): Record<string, ort.Tensor> {
  return {
    next_timestep: int64Tensor(conditions.map(({ turbo }) => turbo?.nextTimestep ?? 0)),
    guidance: stackVectors(conditions.map(({ turbo }) => new Float32Array(turbo?.guidance ?? [0, 0, 0]))),
  };
}

function sampleOfRow({ backgroundSample, rowBackground }: Evaluation, part: Part, row: number): number {
  const background = part === 'background' ? row : (rowBackground[row] ?? 0);
  return backgroundSample[background] ?? 0;
}

function addInPlace(sum: Float32Array, change: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (change[i] ?? 0);
}
