/** The input of `generateDefects`, as GraphQL passes it on. */
import type { GuidanceName, MaskConvention, MaskMode, SamplerName } from '../../inference/index.js';
import type { Optional, Range } from '../../range.js';

export interface PointInput {
  readonly x: number;
  readonly y: number;
}

export interface AreaInput {
  readonly maskId?: Optional<string>;
  readonly polygons?: Optional<readonly (readonly PointInput[])[]>;
}

export interface ReferenceInput {
  readonly id?: Optional<string>;
  readonly ids?: Optional<readonly string[]>;
  readonly anyOfProduct?: Optional<boolean>;
  readonly sampleId?: Optional<string>;
  readonly twin?: Optional<boolean>;
}

export interface DefectReferenceInput {
  readonly id?: Optional<string>;
  readonly ids?: Optional<readonly string[]>;
  readonly sampleId?: Optional<string>;
  readonly anyOfPair?: Optional<boolean>;
  readonly ofOtherProducts?: Optional<boolean>;
  readonly cutPaste?: Optional<CutPasteInput>;
}

export interface CutPasteInput {
  readonly ids?: Optional<readonly string[]>;
  readonly window?: Optional<number>;
}

export interface VariationInput {
  readonly place?: Optional<'FITTING' | 'ANYWHERE'>;
  readonly turn?: Optional<number>;
  readonly quarterTurns?: Optional<boolean>;
  readonly halfTurns?: Optional<boolean>;
  readonly mirrors?: Optional<boolean>;
  readonly scale?: Optional<Range>;
  readonly bend?: Optional<number>;
  readonly contrast?: Optional<number>;
}

export interface RegionInput extends AreaInput {
  readonly place?: Optional<'SHAPE' | 'CHOSEN'>;
}

export interface OnPhotographInput {
  readonly reference?: Optional<ReferenceInput>;
  readonly defectReference?: Optional<DefectReferenceInput>;
  readonly variation?: Optional<VariationInput>;
  /** The denoising strength of the harmonizing pass. */
  readonly harmonize?: Optional<number>;
  readonly region?: Optional<RegionInput>;
  readonly allowedArea?: Optional<AreaInput>;
  readonly denoisingStrength?: Optional<number>;
  readonly maskConvention?: Optional<MaskConvention>;
  /** @deprecated The name of `denoisingStrength` before 1.0.0. */
  readonly freedom?: Optional<number>;
}

export interface StrengthInput {
  readonly value?: Optional<number>;
  readonly min?: Optional<number>;
  readonly max?: Optional<number>;
  readonly sweep?: Optional<readonly number[]>;
}

export interface QualityInput {
  readonly minimumVisibility?: Optional<number>;
  readonly minimumAgreement?: Optional<number>;
  readonly minimumConfidence?: Optional<number>;
  readonly maximumDraws?: Optional<number>;
  /** @deprecated The name of `maximumDraws` before 1.0.0. */
  readonly maximumAttempts?: Optional<number>;
}

/** One item of the list. */
export interface GenerationInput extends OnPhotographInput {
  readonly partNumber: string;
  readonly defectCode: string;
  readonly count?: Optional<number>;
  readonly model?: Optional<string>;
  readonly strength?: Optional<StrengthInput>;
  readonly productScale?: Optional<number>;
  readonly seed?: Optional<number>;
  readonly steps?: Optional<number>;
  readonly sampler?: Optional<SamplerName>;
  readonly guidance?: Optional<GuidanceName>;
  readonly maskMode?: Optional<MaskMode>;
  readonly priority?: Optional<number>;
  readonly idempotencyKey?: Optional<string>;
  /** Whether the normal twin of each sample from noise is drawn too. */
  readonly twin?: Optional<boolean>;
  readonly quality?: Optional<QualityInput>;
  /** Whether progress events have previews. */
  readonly previews?: Optional<boolean>;
}
