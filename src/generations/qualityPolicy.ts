/** Which samples are good enough to keep, and what happens to the others: drawn again with another seed, a bounded number of times. */
import { badInput } from '../errors.js';
import type { Bundle, SampleResult } from '../inference/index.js';
import type { QualitySettings } from '../storage/jsonColumns.js';
import type { Optional } from '../range.js';
import { requireInRange } from '../range.js';

export interface QualityInput {
  readonly minimumVisibility?: Optional<number>;
  readonly minimumAgreement?: Optional<number>;
  readonly minimumConfidence?: Optional<number>;
  readonly maximumAttempts?: Optional<number>;
}

/** Of 255, where a bundle does not say what real defects score: a change that a person sees. */
const VISIBLE_CONTRAST = 8;
const DEFAULT_AGREEMENT = 0.5;
const DEFAULT_MAX_DRAWS = 4;
const MAX_DRAWS = 20;

interface QualityContext {
  readonly quality?: Optional<QualityInput>;
  readonly onImage: boolean;
  readonly twin: boolean;
  readonly sweep: boolean;
}

/**
 * On a reference there is always a policy, by default what the faintest real defects of the pair score. A sweep has none:
 * its weak samples are part of what it shows. From noise without a twin nothing can be compared, but the confidence is known.
 */
export function resolveQuality(
  { quality, onImage: onPicture, twin, sweep }: QualityContext,
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
  const compared = onPicture || twin;
  if (!compared) requireConfidenceAlone(quality, field);
  const [faintest = VISIBLE_CONTRAST] = manifest.placement?.scores[pair]?.contrast ?? [];
  const [visibility, agreement] = compared ? [Math.min(VISIBLE_CONTRAST, faintest), DEFAULT_AGREEMENT] : [0, 0];
  return {
    minimumVisibility: requireInRange(
      quality?.minimumVisibility ?? visibility,
      { min: 0, max: 255 },
      `${field}.minimumVisibility`,
    ),
    minimumAgreement: requireInRange(
      quality?.minimumAgreement ?? agreement,
      { min: 0, max: 1 },
      `${field}.minimumAgreement`,
    ),
    minimumConfidence: requireInRange(
      quality?.minimumConfidence ?? 0,
      { min: 0, max: 1 },
      `${field}.minimumConfidence`,
    ),
    maximumAttempts: requireInRange(
      quality?.maximumAttempts ?? DEFAULT_MAX_DRAWS,
      { min: 1, max: MAX_DRAWS },
      `${field}.maximumAttempts`,
    ),
  };
}

function requireConfidenceAlone(quality: Optional<QualityInput>, field: string): void {
  for (const name of ['minimumVisibility', 'minimumAgreement'] as const)
    if (quality?.[name] != null)
      throw badInput(
        `${field}.${name}`,
        'samples from noise are compared with nothing; give twin: true or a reference, or minimumConfidence instead',
      );
  if (quality?.minimumConfidence == null)
    throw badInput(
      field,
      'must have minimumConfidence for samples from noise; for the other bounds give twin: true or a reference',
    );
}

/** An image without a defect scores 0, so that any policy but "0" rejects it. */
export function meetsPolicy(
  { confidence, scores }: Pick<SampleResult, 'confidence' | 'scores'>,
  policy: QualitySettings | null | undefined,
): boolean {
  if (policy == null) return true;
  const { minimumVisibility, minimumAgreement, minimumConfidence = 0 } = policy;
  if (confidence < minimumConfidence) return false;
  return scores === null || (scores.visibility >= minimumVisibility && scores.agreement >= minimumAgreement);
}
