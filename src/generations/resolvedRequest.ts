/** The request of a generation as it was accepted, with every default filled in. The same request gives the same images. */
import type { TransplantSettings } from '../storage/jsonColumns.js';
import { denoisingStrengthOf } from '../storage/jsonColumns.js';
import type { GenerationRow } from '../storage/tables.js';

export function resolvedRequestOf({ settings, count, priority, idempotencyKey }: GenerationRow) {
  const { bundle: model, photograph, twin = false, sweep, quality, ...rest } = settings;
  // As it was requested: the rows of a sweep, not its samples.
  const requestedCount = count / (sweep?.length ?? 1);
  const strength = photograph == null ? undefined : denoisingStrengthOf(photograph);
  const transplant = photograph?.transplant ?? undefined;
  const denoisingStrength = transplant === undefined ? strength : undefined;
  return {
    ...rest,
    sweep,
    quality: quality == null ? null : { minimumConfidence: 0, ...quality, maximumDraws: quality.maximumAttempts },
    denoisingStrength,
    harmonize: transplant === undefined ? undefined : strength,
    variation: transplant && { ...transplant.variation, place: placeOf(transplant) },
    /** @deprecated The name of `denoisingStrength` before 1.0.0. */
    freedom: denoisingStrength,
    onTwin: photograph?.onTwin ?? false,
    twin,
    model,
    count: requestedCount,
    priority,
    idempotencyKey,
  };
}

function placeOf({ anywhere }: TransplantSettings): 'ANYWHERE' | 'FITTING' {
  return anywhere ? 'ANYWHERE' : 'FITTING';
}
