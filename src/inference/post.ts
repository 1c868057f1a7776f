/** A device as the pool places work on it: with what it takes at a time, and how fast it is. */
import type { Bundle } from './bundle/manifest.js';
import type { DeviceSettings, Device, DeviceListener } from './device.js';
import { openDevice } from './device.js';
import type { ThroughputEstimator } from './throughput.js';
import { createThroughputEstimator } from './throughput.js';

export interface Post {
  readonly device: Pick<Device, 'info' | 'add' | 'cancel'>;
  readonly speed: ThroughputEstimator;
  /** How many rows one of its evaluations may have. */
  rowBudget(bundle: string): number;
}

export interface OpenedPost extends Post {
  readonly device: Device;
}

export function openPost(
  name: string,
  bundles: readonly Bundle[],
  settings: DeviceSettings,
  listener: DeviceListener,
): OpenedPost {
  const speed = createThroughputEstimator();
  const rowBudget = (bundle: string): number =>
    device.info().capacities.find((capacity) => capacity.bundle === bundle)?.rows ?? 1;
  const device = openDevice(name, bundles, settings, {
    ...listener,
    stepped(step) {
      speed.record(step.bundle, step.rows, step.seconds, rowBudget(step.bundle));
      listener.stepped(step);
    },
    changed() {
      for (const capacity of device.info().capacities) speed.seed(capacity);
      listener.changed();
    },
  });
  return { device, speed, rowBudget };
}
