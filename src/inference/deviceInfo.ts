/** What is known about a device: for health checks, the API, and the worker registry. */
import type { Precision } from './bundle/manifest.js';
import type { Capacity } from './capacity.js';

export type DeviceState = 'STARTING' | 'READY' | 'RESTARTING' | 'FAILED';

export interface DeviceInfo {
  /** The configured name: `cpu`, `cuda:N`, or `webgpu`. */
  readonly device: string;
  /** The live execution provider; empty until the worker has opened. */
  readonly provider: string;
  readonly bundles: readonly string[];
  readonly state: DeviceState;
  readonly restarts: number;
  /** The share of the last minute in which it denoised, 0 … 1. */
  readonly load: number;
  /** How often memory ran out: steps that were repeated in halves, samples that failed, and workers that the kernel may have killed. */
  readonly outOfMemory: number;
  /** The capacity for each bundle; empty until the worker has opened. */
  readonly capacities: readonly Capacity[];
  /** The precision of each bundle's denoiser, by the bundle's ID; empty until the worker has opened. */
  readonly precisions: Readonly<Record<string, Precision>>;
  /** The live worker process. */
  readonly pid: number | undefined;
}

export type LogFunction = (level: 'info' | 'warn' | 'error', message: string, details?: object) => void;
