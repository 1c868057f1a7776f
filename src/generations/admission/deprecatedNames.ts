/** Input fields that 1.0.0 renamed. Both names are accepted, but not together; the old ones are deprecated. */
import { badInput } from '../../errors.js';
import type { OnPhotographInput } from './generationInput.js';

/** Throws `ServiceError` when an item has a field under both of its names. */
export function requireOneName({ denoisingStrength, freedom }: OnPhotographInput, at: string): void {
  if (denoisingStrength == null || freedom == null) return;
  throw badInput(`${at}.freedom`, 'is the deprecated name of denoisingStrength; give only denoisingStrength');
}

/** The value, and the field as the caller named it, for messages about the value. */
export function requestedDenoisingStrength({ denoisingStrength, freedom }: OnPhotographInput, at: string) {
  const name = denoisingStrength == null && freedom != null ? 'freedom' : 'denoisingStrength';
  return { value: denoisingStrength ?? freedom ?? undefined, field: `${at}.${name}` };
}

/**
 * The input under the names that idempotency keys were first recorded with, so that a key finds its generation
 * whichever name a retry uses.
 */
export function underOriginalNames({ denoisingStrength, ...rest }: OnPhotographInput): object {
  return { ...rest, freedom: denoisingStrength ?? rest.freedom };
}
