import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import type {
  GuidanceName,
  MaskConvention as MaskConventionName,
  MaskMode as MaskModeName,
  SamplerName,
} from '../inference/index.js';
import { Guidance, MaskConvention, MaskMode, RegionPlace, Sampler } from './enums.js';
import { Quality } from './quality.js';
import { Variation } from './transplant.js';

@ObjectType()
export class StrengthRange {
  @Field(() => Float, { description: 'The strength of the first sample.' })
  min!: number;

  @Field(() => Float, { description: 'The strength of the last sample.' })
  max!: number;
}

@ObjectType({ description: 'In pixels of the image, from the top left corner.' })
export class AreaPoint {
  @Field(() => Float)
  x!: number;

  @Field(() => Float)
  y!: number;
}

@ObjectType({ description: 'An area of an image: a mask, or polygons.' })
export class RequestedArea {
  @Field(() => ID, { nullable: true })
  maskId?: string;

  @Field(() => [[AreaPoint]], { nullable: true })
  polygons?: AreaPoint[][];
}

@ObjectType({ description: 'A region of its own (maskId or polygons), or a place.' })
export class RequestedRegion extends RequestedArea {
  @Field(() => RegionPlace, { nullable: true })
  place?: keyof typeof RegionPlace;
}

@ObjectType({ description: 'The images that the defect is drawn on.' })
export class RequestedReference {
  @Field(() => [ID], {
    nullable: true,
    description: 'The photographs, each sample on the next one in turn: also those that anyOfProduct selected.',
  })
  ids?: readonly string[];

  @Field(() => ID, { nullable: true })
  sampleId?: string;

  @Field(() => Boolean, { nullable: true, description: 'Each sample is drawn on its own normal twin.' })
  twin?: boolean;
}

@ObjectType({ description: 'Where the patches come from (CutPaste).' })
export class RequestedCutPaste {
  @Field(() => [ID], {
    description:
      'The photographs of good parts, one for each sample in turn: also those that were selected by the service.',
  })
  ids!: readonly string[];

  @Field(() => Int, { nullable: true, description: 'Pixels. Null: the shorter side of the photographs.' })
  window!: number | null;
}

@ObjectType({ description: 'What the defect is transplanted from.' })
export class RequestedDefectReference {
  @Field(() => [ID], {
    nullable: true,
    description: 'The photographs, one for each sample in turn: also those that were selected by the service.',
  })
  ids?: readonly string[];

  @Field(() => ID, { nullable: true })
  sampleId?: string;

  @Field(() => RequestedCutPaste, { nullable: true, description: 'Null for defects.' })
  cutPaste?: RequestedCutPaste;
}

@ObjectType({
  description: 'What the service fills in today for fields that the request could leave out.',
})
export class RequestDefaults {
  @Field(() => Guidance)
  guidance!: GuidanceName;

  @Field(() => Float)
  productScale!: number;

  @Field(() => MaskMode)
  maskMode!: MaskModeName;

  @Field(() => Quality, { nullable: true, description: 'Null if every sample is kept.' })
  quality?: Quality | null;

  @Field(() => Float, { nullable: true, description: 'Only for samples on a reference.' })
  denoisingStrength?: number | null;

  @Field(() => MaskConvention, { nullable: true, description: 'Null for samples from noise and for transplants.' })
  maskConvention?: MaskConventionName | null;

  @Field(() => Float, { nullable: true, description: 'Only for transplants.' })
  harmonize?: number | null;

  @Field(() => Variation, { nullable: true, description: 'Only for transplants.' })
  variation?: Variation | null;
}

@ObjectType({
  description: 'The request with all defaults filled in. The same request gives the same images again: see `input`.',
})
export class GenerationRequest {
  @Field(() => GraphQLJSONObject, {
    description:
      'The whole request as one item of the `input` of generateDefects, without the idempotencyKey. Sent again, it gives the same images, ' +
      'while the model and the photographs that it names are there, and unless a newer version of the service draws differently.',
  })
  input!: object;

  @Field(() => String)
  partNumber!: string;

  @Field(() => String)
  defectCode!: string;

  @Field(() => Int)
  count!: number;

  @Field(() => String, { description: 'name@version. A transplant that is not harmonized does not use it.' })
  model!: string;

  @Field(() => StrengthRange)
  strength!: StrengthRange;

  @Field(() => Float)
  productScale!: number;

  @Field(() => Int, { description: 'The seed of sample 0. Sample i has the seed (seed + i) mod 2³¹.' })
  seed!: number;

  @Field(() => Int, { description: '1 for a transplant that is not harmonized.' })
  steps!: number;

  @Field(() => Sampler)
  sampler!: SamplerName;

  @Field(() => Guidance)
  guidance!: GuidanceName;

  @Field(() => MaskMode)
  maskMode!: MaskModeName;

  @Field(() => Int)
  priority!: number;

  @Field(() => String, { nullable: true })
  idempotencyKey!: string | null;

  @Field(() => [Float], { nullable: true, description: 'The strengths of each row of a sweep.' })
  sweep?: readonly number[] | undefined;

  @Field(() => RequestedReference, { nullable: true, description: 'Null for samples from noise.' })
  reference?: RequestedReference | undefined;

  @Field(() => RequestedDefectReference, { nullable: true, description: 'Only for transplants.' })
  defectReference?: RequestedDefectReference | undefined;

  @Field(() => RequestedRegion, { nullable: true, description: 'Null for samples from noise and for transplants.' })
  region?: RequestedRegion | undefined;

  @Field(() => RequestedArea, { nullable: true, description: 'The area that the request gave.' })
  allowedArea?: RequestedArea | undefined;

  @Field(() => MaskConvention, { nullable: true, description: 'Null for samples from noise and for transplants.' })
  maskConvention?: MaskConventionName | undefined;

  @Field(() => Float, { nullable: true, description: 'Only for samples on a reference.' })
  denoisingStrength?: number | undefined;

  @Field(() => Float, { nullable: true, description: 'Only for transplants.' })
  harmonize?: number | undefined;

  @Field(() => Variation, { nullable: true, description: 'Only for transplants.' })
  variation?: Variation | undefined;

  @Field(() => Float, { nullable: true, deprecationReason: 'Use `denoisingStrength`.' })
  freedom?: number | undefined;

  @Field(() => Boolean)
  twin!: boolean;

  @Field(() => Boolean, { description: 'Whether GenerationProgressed has previews.' })
  previews!: boolean;

  @Field(() => Boolean, { description: 'Whether each sample is drawn on its own normal twin.' })
  onTwin!: boolean;

  @Field(() => Quality, { nullable: true })
  quality?: Quality | null | undefined;
}
