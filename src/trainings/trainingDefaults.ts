/** What a training has that its request leaves out, and the bounds of what it may ask for. */
import type { Limits } from '../config.js';

/** Those of the training package, which a test compares: of products without windows of their own, it fills them in. */
const WINDOW_DEFAULTS = { window: 128, flips: 'BOTH', quarterTurns: false, zoom: 0 } as const;
const MINUTES = 30;
const MIN_MINUTES = 0.1;

export const TRAINING_RANGES = {
  window: { min: 8, max: 16_384 },
  zoom: { min: 0, max: 0.9 },
  seed: { min: 0, max: 2 ** 31 - 1 },
  rank: { min: 1, max: 64 },
  priority: { min: 0, max: 9 },
} as const;

export function trainingRanges({ trainingMinutes }: Limits) {
  return { ...TRAINING_RANGES, minutes: { min: MIN_MINUTES, max: trainingMinutes } };
}

/** Without the base, which is the default model, and without the seed, which is that of the base. */
export function trainingDefaults({ trainingMinutes }: Limits) {
  return {
    ...WINDOW_DEFAULTS,
    kind: 'ADAPTER',
    minutes: Math.min(MINUTES, trainingMinutes),
    license: 'LicenseRef-private',
    terms: 'The photographs belong to the tenant that trained the model.',
    rank: 16,
    measureDetectors: true,
    priority: 0,
  } as const;
}
