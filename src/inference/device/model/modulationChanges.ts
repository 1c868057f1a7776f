/** What adapters add to the modulations of their rows: one small graph for each adapter, and the embeddings of its phrases. */
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';

import type { Adapter } from '../../bundle/manifest.js';
import { BundleError, InferenceError } from '../../errors.js';
import type { ExecutionOptions } from './sessions.js';
import { createSession } from './sessions.js';
import { int64Tensor, split, stackVectors } from './tensors.js';
import { padToLength } from './shapeBuckets.js';

/** The parts of the denoiser, in the order of the graphs' outputs. */
export const PARTS = ['background', 'defect', 'fusion'] as const;
export type Part = (typeof PARTS)[number];

/** An adapter, and the ID under which requests name it. */
export interface NamedAdapter extends Adapter {
  readonly id: string;
}

/** What the modulation of one condition depends on. */
export interface Condition {
  readonly part: Part;
  readonly phrase: string;
  readonly timestep: number;
}

export interface OpenAdapter {
  /** @throws InferenceError for a phrase that it does not have. */
  embed(phrase: string): Float32Array;
  /** The change of each condition's modulation, computed in one run of the graph. */
  changes(conditions: readonly Condition[], sizeOf: (count: number) => number): Promise<Float32Array[]>;
  close(): Promise<void>;
}

/** Of a run that shows whether the graph can be computed at all. */
const TRIAL_CONDITIONS = 3;

/** @throws BundleError if the graph's inputs or outputs are not those of a change of modulations, or if it cannot be computed. */
export async function openAdapter(adapter: NamedAdapter, options: ExecutionOptions): Promise<OpenAdapter> {
  const file = join(adapter.directory, adapter.modulation.file);
  const session = await createSession(file, options);
  const problems = namesProblems(session);
  if (problems.length > 0) throw new BundleError(file, problems);
  const phrases = new Map(
    Object.entries(adapter.phrases).map(([phrase, values]) => [phrase, Float32Array.from(values)]),
  );

  const embed = (phrase: string): Float32Array => {
    const found = phrases.get(phrase);
    if (found === undefined) throw new InferenceError(`the adapter ${adapter.id} has no embedding of "${phrase}"`);
    return found;
  };

  const opened: OpenAdapter = {
    embed,
    async changes(conditions, sizeOf) {
      const size = sizeOf(conditions.length);
      const timesteps = conditions.map(({ timestep }) => timestep);
      const texts = conditions.map(({ phrase }) => embed(phrase));
      const outputs = await session.run({
        timestep: int64Tensor(padToLength(timesteps, size)),
        text: stackVectors(padToLength(texts, size)),
      });
      return conditions.map(
        ({ part }, i) => split(outputs[`${part}_change`]?.data as Float32Array, size)[i] as Float32Array,
      );
    },
    close: () => session.release(),
  };
  const [phrase = ''] = phrases.keys();
  const trial = Array.from({ length: TRIAL_CONDITIONS }, () => ({ part: PARTS[0], phrase, timestep: 0 }));
  await opened
    .changes(trial, (count) => count)
    .catch((error: unknown) => {
      throw new BundleError(file, [`cannot be computed: ${(error as Error).message}`], { cause: error });
    });
  return opened;
}

function namesProblems({ inputNames, outputNames }: InferenceSession): string[] {
  const compare = (side: string, found: readonly string[], expected: readonly string[]): string[] =>
    [...found].sort().join() === [...expected].sort().join()
      ? []
      : [`has the ${side} ${found.join(', ')}; an adapter's graph has ${expected.join(', ')}`];
  return [
    ...compare('inputs', inputNames, ['timestep', 'text']),
    ...compare(
      'outputs',
      outputNames,
      PARTS.map((part) => `${part}_change`),
    ),
  ];
}
