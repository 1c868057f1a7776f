/** Which samples are good enough to keep, and what happens to the others: drawn again with another seed, a bounded number of times. */
import { badInput } from '../errors.js';
import type { Bundle, Scores } from '../inference/index.js';
import type { QualitySettings } from '../storage/records.js';
import type { Optional } from './bounds.js';
import { within } from './bounds.js';

export interface QualityInput {
  readonly minimumVisibility?: Optional<number>;
  readonly minimumAgreement?: Optional<number>;
  readonly maximumAttempts?: Optional<number>;
}

/** Of 255, where a bundle does not say what real defects score: a change that a person sees. */
const SEEN = 8;
const HALF = 0.5;
const DEFAULT_ATTEMPTS = 4;
const MOST_ATTEMPTS = 20;

interface Asked {
  readonly quality?: Optional<QualityInput>;
  readonly onPicture: boolean;
  readonly twin: boolean;
  readonly sweep: boolean;
}

/**
 * On a reference there is always a policy, by default what the faintest real defects of the pair score. A sweep has none:
 * its weak samples are part of what it shows.
 */
export function resolveQuality(
  { quality, onPicture, twin, sweep }: Asked,
  { manifest }: Bundle,
  pair: string,
  at: string,
): QualitySettings | null {
  const field = `${at}.quality`;
  if (sweep) {
    if (quality != null)
      throw badInput(field, 'cannot be given with strength.sweep, whose weak samples would be rejected');
    return null;
  }
  if (!onPicture && quality == null) return null;
  if (!onPicture && !twin)
    throw badInput(field, 'samples from noise have scores only with twin: true; give that, or a reference');
  const [faintest = SEEN] = manifest.placement?.scores[pair]?.contrast ?? [];
  return {
    minimumVisibility: within(
      quality?.minimumVisibility ?? Math.min(SEEN, faintest),
      { min: 0, max: 255 },
      `${field}.minimumVisibility`,
    ),
    minimumAgreement: within(quality?.minimumAgreement ?? HALF, { min: 0, max: 1 }, `${field}.minimumAgreement`),
    maximumAttempts: within(
      quality?.maximumAttempts ?? DEFAULT_ATTEMPTS,
      { min: 1, max: MOST_ATTEMPTS },
      `${field}.maximumAttempts`,
    ),
  };
}

/** An image without a defect scores 0, so that any policy but "0" rejects it. */
export function isGoodEnough(scores: Scores | null, policy: QualitySettings | null | undefined): boolean {
  if (policy == null || scores === null) return true;
  return scores.visibility >= policy.minimumVisibility && scores.agreement >= policy.minimumAgreement;
}
