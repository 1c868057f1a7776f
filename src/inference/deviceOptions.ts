/** How a device is opened, and what it tells its owner. */
import type { Precision } from './bundle/manifest.js';
import type { LogFunction } from './deviceInfo.js';
import type { StepMetrics } from './deviceProtocol.js';

export interface DeviceOptions {
  /** The precision to use where a bundle has it; `null` for the device's default. */
  readonly precision: Precision | null;
  /** Rows of each evaluation; `null` to measure the best number. */
  readonly maximumRows: number | null;
  /** The directory of the calibration cache; `null` to measure at each start. */
  readonly calibrationDirectory: string | null;
  /** A busy worker that is silent for this long is considered hung and is replaced. */
  readonly watchdogSeconds: number;
  readonly log: LogFunction;
  readonly onStep: (step: StepMetrics) => void;
  /** Called when the device is ready (again), has failed, or has reduced its capacity. */
  readonly onChange: () => void;
}
