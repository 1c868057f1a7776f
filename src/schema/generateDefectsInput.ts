import { Field, Float, InputType, Int } from 'type-graphql';
import type {
  GuidanceName,
  MaskConvention as MaskConventionName,
  MaskMode as MaskModeName,
  SamplerName,
} from '../inference/index.js';
import { Guidance, MaskConvention, MaskMode, Sampler } from './enums.js';
import { AreaInput, ReferenceInput, RegionInput } from './inpaintingInput.js';
import { QualityInput } from './quality.js';
import { DefectReferenceInput, VariationInput } from './transplant.js';

@InputType({
  description:
    'Give one of: `value`; `min` and `max`, which spreads the samples evenly from min to max; or `sweep`, which draws each seed at every one of its strengths.',
})
export class StrengthInput {
  @Field(() => Float, { nullable: true })
  value?: number | null;

  @Field(() => Float, { nullable: true })
  min?: number | null;

  @Field(() => Float, { nullable: true })
  max?: number | null;

  @Field(() => [Float], {
    nullable: true,
    description:
      '2 … 20 strengths. Draws `count` rows with one sample per strength. The samples of a row share their seed and photograph.',
  })
  sweep?: number[] | null;
}

@InputType({ description: 'Ranges and defaults are those of the model: see models { ranges defaults }.' })
export class GenerateDefectsInput {
  @Field(() => String)
  partNumber!: string;

  @Field(() => String)
  defectCode!: string;

  @Field(() => Int, { nullable: true, defaultValue: 1 })
  count?: number | null;

  @Field(() => String, { nullable: true, description: '"name" (its newest version) or "name@version".' })
  model?: string | null;

  @Field(() => StrengthInput, {
    nullable: true,
    description:
      'w_d of Eq. 4. Of a transplanted defect, 0 … 3, default 1: its opacity up to 1; above, its contrast is exaggerated.',
  })
  strength?: StrengthInput | null;

  @Field(() => Float, { nullable: true, description: 'w_p of Eq. 4.' })
  productScale?: number | null;

  @Field(() => Int, { nullable: true, description: '0 … 2³¹ − 1. Default: random.' })
  seed?: number | null;

  @Field(() => Int, { nullable: true })
  steps?: number | null;

  @Field(() => Sampler, { nullable: true })
  sampler?: SamplerName | null;

  @Field(() => Guidance, { nullable: true })
  guidance?: GuidanceName | null;

  @Field(() => MaskMode, { nullable: true })
  maskMode?: MaskModeName | null;

  @Field(() => Int, { nullable: true, description: '0 … 9. A higher priority runs first. Default: 0.' })
  priority?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Makes a retry safe: the same key with the same input always returns the same generation.',
  })
  idempotencyKey?: string | null;

  @Field(() => ReferenceInput, { nullable: true, description: 'Draws the defect on an image of the product.' })
  reference?: ReferenceInput | null;

  @Field(() => DefectReferenceInput, {
    nullable: true,
    description:
      'Transplants the defect from a photograph of a defective part onto the reference, instead of drawing it. The varied mask of the ' +
      'defect is the mask of the sample. No model needs to know the product or the defect.',
  })
  defectReference?: DefectReferenceInput | null;

  @Field(() => VariationInput, { nullable: true, description: 'Only with a defectReference.' })
  variation?: VariationInput | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'The denoising strength at which the model harmonizes a transplanted defect with its surroundings, 0 … 1. Default: 0, which leaves ' +
      'it blended without the model. A sample says whether it was harmonized: a model that does not know the pair does not.',
  })
  harmonize?: number | null;

  @Field(() => RegionInput, {
    nullable: true,
    description: 'Where on the image the defect is drawn. Default: place SHAPE; on a twin, place CHOSEN.',
  })
  region?: RegionInput | null;

  @Field(() => AreaInput, {
    nullable: true,
    description:
      'Limits where a region that is not your own, or the middle of a transplanted defect, may lie: for example, on the part and not on ' +
      'the conveyor belt. Default: the part, if it stands out from the border of the photograph; otherwise, the whole photograph. At least ' +
      '95 % of a transplanted defect, or as much as can, then lies on the part.',
  })
  allowedArea?: AreaInput | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'The share of the noise levels that the region passes through, 0.05 … 1. A low value keeps more of the image. Default: 0.8.',
  })
  denoisingStrength?: number | null;

  @Field(() => MaskConvention, { nullable: true, description: 'Needs a reference. Default: CHANGE.' })
  maskConvention?: MaskConventionName | null;

  @Field(() => Float, {
    nullable: true,
    deprecationReason: 'Use `denoisingStrength`.',
    description: 'The former name of `denoisingStrength`. Give only one of the two.',
  })
  freedom?: number | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Also draws the normal twin of each sample from noise: the same seed at strength 0. Doubles the time.',
  })
  twin?: boolean | null;

  @Field(() => QualityInput, {
    nullable: true,
    description:
      'Which samples are kept. Samples on a reference always have a policy. Samples from noise need `twin: true` for scores other than confidence.',
  })
  quality?: QualityInput | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Whether GenerationProgressed has previews: three of each sample while it is drawn, for about 5 % more time. TURBO draws too fast ' +
      'for previews. They do not change the sample.',
  })
  previews?: boolean | null;
}
