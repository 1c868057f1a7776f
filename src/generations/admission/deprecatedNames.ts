/** Input fields that 1.0.0 renamed. Both names are accepted, but not together; the old ones are deprecated. */
import type { ServiceError } from '../../errors.js';
import { badInput } from '../../errors.js';
import type { Optional } from '../../range.js';
import type { GenerationInput, OnPhotographInput, QualityInput } from './generationInput.js';

/** Throws `ServiceError` when an item has a field under both of its names. */
export function requireOneName({ denoisingStrength, freedom, quality }: GenerationInput, at: string): void {
  if (denoisingStrength != null && freedom != null) throw givenTwice(at, 'denoisingStrength', 'freedom');
  if (quality?.maximumDraws != null && quality.maximumAttempts != null)
    throw givenTwice(`${at}.quality`, 'maximumDraws', 'maximumAttempts');
}

interface RequestedValue {
  readonly value: number | undefined;
  /** As the caller named it, for messages about the value. */
  readonly field: string;
}

export function requestedDenoisingStrength(input: OnPhotographInput, at: string): RequestedValue {
  const { denoisingStrength, freedom } = input;
  const name = denoisingStrength == null && freedom != null ? 'freedom' : 'denoisingStrength';
  return { value: denoisingStrength ?? freedom ?? undefined, field: `${at}.${name}` };
}

export function requestedMaximumDraws(quality: Optional<QualityInput>, at: string): RequestedValue {
  const { maximumDraws, maximumAttempts } = quality ?? {};
  const name = maximumDraws == null && maximumAttempts != null ? 'maximumAttempts' : 'maximumDraws';
  return { value: maximumDraws ?? maximumAttempts ?? undefined, field: `${at}.${name}` };
}

/**
 * The input under the names that idempotency keys were first recorded with, so that a key finds its generation
 * whichever name a retry uses.
 */
export function underOriginalNames({ denoisingStrength, quality, ...rest }: GenerationInput): object {
  const renamed = { ...rest, freedom: denoisingStrength ?? rest.freedom };
  if (quality == null) return renamed;
  const { maximumDraws, ...bounds } = quality;
  return { ...renamed, quality: { ...bounds, maximumAttempts: maximumDraws ?? bounds.maximumAttempts } };
}

function givenTwice(at: string, current: string, deprecated: string): ServiceError {
  return badInput(`${at}.${deprecated}`, `is the deprecated name of ${current}; give only ${current}`);
}
