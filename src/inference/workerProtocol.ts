/**
 * What the pool and a device worker say to each other (over the IPC channel of `fork`, structured clone). Samples go by a
 * `key` that the pool never uses twice, so a late word about a sample that was given up cannot be taken for a newer one's.
 *
 * The pool speaks first: `open`, answered by `ready` or `refused`. Then `draw` and `cancel` at any time. Every `draw` is
 * answered by `started`, any number of `progress`, and one of `sample` and `failed`; every `cancel` by `canceled`, and what
 * still comes for those keys is to be ignored. `stats` come about once a second while there are steps, `reduced` when memory ran out. When the channel closes,
 * the worker exits.
 */
import type { Bundle, Precision } from './bundle/manifest.js';
import type { Capacity } from './capacity.js';
import type { SampleRequest, SampleResult } from './types.js';

export type WorkerCommand =
  | {
      readonly kind: 'open';
      readonly device: string;
      readonly bundles: readonly Bundle[];
      /** To be chosen where a component has it; null: what suits the device. */
      readonly precision: Precision | null;
      /** What is known of these bundles' already; that of the others is measured. */
      readonly capacities: readonly Capacity[];
      /** Where measured capacities are kept. */
      readonly calibrationDirectory: string | null;
    }
  | { readonly kind: 'draw'; readonly key: number; readonly request: SampleRequest }
  | { readonly kind: 'cancel'; readonly keys: readonly number[] };

export type WorkerMessage =
  /** With the capacity of each bundle, and the arithmetic of its denoiser by its id. */
  | {
      readonly kind: 'ready';
      readonly provider: string;
      readonly capacities: readonly Capacity[];
      readonly precisions: Readonly<Record<string, Precision>>;
    }
  | { readonly kind: 'refused'; readonly error: OpenError }
  | { readonly kind: 'started'; readonly key: number }
  | { readonly kind: 'progress'; readonly key: number; readonly step: number; readonly steps: number }
  | { readonly kind: 'sample'; readonly key: number; readonly result: SampleResult }
  | { readonly kind: 'failed'; readonly key: number; readonly message: string }
  | { readonly kind: 'canceled'; readonly keys: readonly number[] }
  /** There was not enough memory for what was tried: this many rows an evaluation, or pictures a decoding, from now on. */
  | { readonly kind: 'reduced'; readonly bundle: string; readonly rows?: number; readonly pictures?: number }
  /** Of each step since the last ones. */
  | { readonly kind: 'stats'; readonly steps: readonly StepMetrics[] };

export interface StepMetrics {
  readonly bundle: string;
  /** That it advanced. */
  readonly samples: number;
  readonly rows: number;
  readonly seconds: number;
}

/** Why a worker could not open: a bundle at fault, or else the device. An error's class does not survive the channel, so it is spelt out. */
export type OpenError =
  | { readonly at: 'bundle'; readonly file: string; readonly problems: readonly string[] }
  | { readonly at: 'device'; readonly message: string };
