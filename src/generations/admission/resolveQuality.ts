/** Which samples are good enough to keep, from the caller's input: every value checked, every default filled in. */
import { badInput } from '../../errors.js';
import type { Bundle } from '../../inference/index.js';
import type { Optional } from '../../range.js';
import { requireInRange } from '../../range.js';
import type { QualitySettings } from '../../storage/jsonColumns.js';
import { requestedMaximumDraws } from './deprecatedNames.js';
import type { QualityInput } from './generationInput.js';

/** 0 to 255. The smallest change that a person notices. Used if a bundle does not say how real defects score. */
const VISIBLE_CONTRAST = 8;
const DEFAULT_AGREEMENT = 0.5;
const DEFAULT_MAX_DRAWS = 4;
const MAX_DRAWS = 20;

interface QualityContext {
  readonly quality?: Optional<QualityInput>;
  readonly onImage: boolean;
  readonly twin: boolean;
  readonly transplanted: boolean;
  readonly sweep: boolean;
}

/**
 * A sample on a reference always has a policy; its default is the score of the faintest real defects of the pair. A sweep has none,
 * because its weak samples are part of what it shows. A transplant has none by default either, because its mask is that of a real defect
 * and what it shows is real. A sample from noise without a twin has nothing to be compared with, so only its
 * confidence can be bounded.
 */
export function resolveQuality(
  { quality, onImage, twin, transplanted, sweep }: QualityContext,
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
  if ((!onImage || transplanted) && quality == null) return null;
  if (transplanted && quality?.minimumConfidence != null)
    throw badInput(`${field}.minimumConfidence`, 'a transplant has no confidence: its mask is that of a real defect');
  const compared = onImage || twin;
  if (!compared) requireConfidenceAlone(quality, field);
  const [faintest = VISIBLE_CONTRAST] = manifest.placement?.scores[pair]?.contrast ?? [];
  const [visibility, agreement] =
    compared && !transplanted ? [Math.min(VISIBLE_CONTRAST, faintest), DEFAULT_AGREEMENT] : [0, 0];
  const maximumDraws = requestedMaximumDraws(quality, field);
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
      maximumDraws.value ?? DEFAULT_MAX_DRAWS,
      { min: 1, max: MAX_DRAWS },
      maximumDraws.field,
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
