/**
 * The messages between the engine and a device worker (over the IPC channel of `fork`, structured clone). Samples are identified by a
 * `key` that is never used twice, so a late message about a canceled sample cannot be taken for a newer sample's.
 *
 * The engine sends `open` first, which is answered by `ready` or `openFailed`. Then it sends `generate` and `cancel` at any time. Each
 * `generate` is answered by `started`, any number of `progress` and `preview`, and one of `completed` and `failed`. Each `cancel` is answered by
 * `canceled`; messages about its keys that arrive later are ignored. `steps` arrives about once a second while there are steps, and
 * `limitsReduced` when memory ran out. `openModel`, of an adapter or a bundle, is answered by `modelOpened` or `modelFailed`, and its samples
 * are sent after that. The worker exits when the channel closes.
 */
import type { Bundle, Precision } from './bundle/manifest.js';
import type { Capacity } from './capacity.js';
import type { SampleRequest, SampleResult } from './types.js';

export type WorkerCommand =
  | {
      readonly kind: 'open';
      readonly device: string;
      readonly bundles: readonly Bundle[];
      /** The precision to use where a component has it; null: the device's default. */
      readonly precision: Precision | null;
      /** The known capacities. The worker measures those of the other bundles. */
      readonly capacities: readonly Capacity[];
      /** The directory of the calibration cache. */
      readonly calibrationDirectory: string | null;
    }
  | { readonly kind: 'generate'; readonly key: number; readonly request: SampleRequest }
  | { readonly kind: 'cancel'; readonly keys: readonly number[] }
  | { readonly kind: 'openModel'; readonly bundle: Bundle }
  /** No sample of it is left. */
  | { readonly kind: 'closeModel'; readonly id: string };

/** A message about samples or steps, from a worker that is ready. */
export type SampleMessage =
  | { readonly kind: 'started'; readonly key: number }
  | { readonly kind: 'progress'; readonly key: number; readonly step: number; readonly steps: number }
  | { readonly kind: 'preview'; readonly key: number; readonly image: Uint8Array }
  | { readonly kind: 'completed'; readonly key: number; readonly result: SampleResult }
  | { readonly kind: 'failed'; readonly key: number; readonly message: string }
  | { readonly kind: 'canceled'; readonly keys: readonly number[] }
  /** Memory ran out. From now on, an evaluation has at most this many rows, or a decoder call this many images. */
  | { readonly kind: 'limitsReduced'; readonly bundle: string; readonly rows?: number; readonly images?: number }
  /** The steps since the last message of this kind. */
  | { readonly kind: 'steps'; readonly steps: readonly StepMetrics[] };

export interface ReadyMessage {
  readonly kind: 'ready';
  readonly provider: string;
  /** One per bundle. */
  readonly capacities: readonly Capacity[];
  /** The precision of each bundle's denoiser, by the bundle's ID. */
  readonly precisions: Readonly<Record<string, Precision>>;
}

export type ModelMessage =
  /** By how many bytes the memory of the process grew. */
  | { readonly kind: 'modelOpened'; readonly id: string; readonly bytes: number }
  | { readonly kind: 'modelFailed'; readonly id: string; readonly message: string };

export type WorkerMessage =
  SampleMessage | ModelMessage | ReadyMessage | { readonly kind: 'openFailed'; readonly error: OpenError };

export interface StepMetrics {
  readonly bundle: string;
  /** Samples that the step advanced. */
  readonly samples: number;
  readonly rows: number;
  readonly seconds: number;
}

/** Why a worker could not open: an invalid bundle, or else the device. Error classes do not survive the channel. */
export type OpenError =
  | { readonly at: 'bundle'; readonly file: string; readonly problems: readonly string[] }
  | { readonly at: 'device'; readonly message: string };
