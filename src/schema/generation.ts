import { Field, Float, GraphQLISODateTime, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { GuidanceName, MaskMode as MaskModeName, SamplerName } from '../inference/index.js';
import { connectionType } from './connection.js';
import { AttemptOutcome, GenerationStatus, Guidance, MaskMode, Sampler } from './enums.js';
import { AreaInput, Quality, QualityInput, ReferenceInput, RegionInput } from './onPhotograph.js';

@ObjectType()
export class StrengthRange {
  @Field(() => Float, { description: 'Of the first sample.' })
  min!: number;

  @Field(() => Float, { description: 'Of the last sample.' })
  max!: number;
}

@ObjectType({
  description: 'What was asked for, with every default filled in: the same again gives the same pictures.',
})
export class GenerationRequest {
  @Field(() => Int)
  count!: number;

  @Field(() => String, { description: 'name@version' })
  model!: string;

  @Field(() => StrengthRange)
  strength!: StrengthRange;

  @Field(() => Float)
  productScale!: number;

  @Field(() => Int, { description: 'Of sample 0; sample i has (seed + i) mod 2³¹.' })
  seed!: number;

  @Field(() => Int)
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

  @Field(() => [Float], { nullable: true, description: 'The strengths of each row of pictures.' })
  sweep?: readonly number[] | undefined;

  @Field(() => Float, { nullable: true, description: 'Of samples on a reference.' })
  denoisingStrength?: number | undefined;

  @Field(() => Float, { nullable: true, deprecationReason: 'Use `denoisingStrength`.' })
  freedom?: number | undefined;

  @Field(() => Boolean)
  twin!: boolean;

  @Field(() => Boolean, { description: 'Whether each sample is drawn on its own normal twin.' })
  onTwin!: boolean;

  @Field(() => Quality, { nullable: true })
  quality?: Quality | null | undefined;
}

@ObjectType()
export class Progress {
  @Field(() => Int)
  samplesDone!: number;

  @Field(() => Int)
  samplesTotal!: number;

  @Field(() => Int, {
    description: 'Denoising steps, over all samples. Falls back when a device or the service is restarted.',
  })
  stepsDone!: number;

  @Field(() => Int)
  stepsTotal!: number;

  @Field(() => Float, { description: 'stepsDone / stepsTotal' })
  fraction!: number;
}

@ObjectType({ description: 'Why a generation failed.' })
export class GenerationError {
  @Field(() => String)
  code!: string;

  @Field(() => String)
  message!: string;
}

@ObjectType({ description: 'One time that a worker took a generation up.' })
export class Attempt {
  @Field(() => Int, { description: '1, 2, 3 …' })
  number!: number;

  @Field(() => GraphQLISODateTime)
  startedAt!: Date;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Null while it is being drawn.' })
  endedAt!: Date | null;

  @Field(() => AttemptOutcome, { nullable: true })
  outcome!: keyof typeof AttemptOutcome | null;

  @Field(() => String, { nullable: true, description: 'Why it ended before the generation was done.' })
  message!: string | null;
}

@ObjectType({ description: 'One request for samples of one defect on one product.' })
export class Generation {
  @Field(() => ID)
  id!: string;

  @Field(() => GenerationStatus)
  status!: GenerationStatus;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;

  @Field(() => GraphQLISODateTime, { nullable: true })
  startedAt!: Date | null;

  @Field(() => GraphQLISODateTime, { nullable: true })
  finishedAt!: Date | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: "When its samples and events were deleted, as the tenant's retention says. The generation stays.",
  })
  expiredAt!: Date | null;
}

export const GenerationConnection = connectionType(Generation);

@InputType({ description: 'All that are given must hold.' })
export class GenerationFilter {
  @Field(() => [GenerationStatus], { nullable: true, description: 'Any of these.' })
  status?: GenerationStatus[] | null;

  @Field(() => String, { nullable: true })
  partNumber?: string | null;

  @Field(() => String, { nullable: true })
  defectCode?: string | null;

  @Field(() => String, { nullable: true, description: '"name" (any version) or "name@version".' })
  model?: string | null;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Included.' })
  createdAfter?: Date | null;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Not included.' })
  createdBefore?: Date | null;
}

@InputType({
  description:
    'One of: value; min and max, then the samples are spread evenly from min to max; or sweep, then each seed is drawn at every one of its strengths.',
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
      '2 … 20 strengths: count rows of as many pictures. The samples of a row share their seed and photograph.',
  })
  sweep?: number[] | null;
}

@InputType({ description: "Ranges and defaults are the model's: see models { ranges defaults }." })
export class GenerateDefectsInput {
  @Field(() => String)
  partNumber!: string;

  @Field(() => String)
  defectCode!: string;

  @Field(() => Int, { defaultValue: 1 })
  count?: number | null;

  @Field(() => String, { nullable: true, description: '"name" (its newest version) or "name@version".' })
  model?: string | null;

  @Field(() => StrengthInput, { nullable: true, description: 'w_d of Eq. 4.' })
  strength?: StrengthInput | null;

  @Field(() => Float, { nullable: true, description: 'w_p of Eq. 4.' })
  productScale?: number | null;

  @Field(() => Int, { nullable: true, description: 'Drawn at random when left out; 0 … 2³¹ − 1.' })
  seed?: number | null;

  @Field(() => Int, { nullable: true })
  steps?: number | null;

  @Field(() => Sampler, { nullable: true })
  sampler?: SamplerName | null;

  @Field(() => Guidance, { nullable: true })
  guidance?: GuidanceName | null;

  @Field(() => MaskMode, { nullable: true })
  maskMode?: MaskModeName | null;

  @Field(() => Int, { nullable: true, description: '0 … 9; the higher goes first. Default 0.' })
  priority?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Makes a retry safe: the same key with the same input gives the same generation back, for ever.',
  })
  idempotencyKey?: string | null;

  @Field(() => ReferenceInput, { nullable: true, description: 'Draws the defect on a picture of the product.' })
  reference?: ReferenceInput | null;

  @Field(() => RegionInput, { nullable: true, description: 'Where on it. Left out: place SHAPE; on a twin CHOSEN.' })
  region?: RegionInput | null;

  @Field(() => AreaInput, {
    nullable: true,
    description: 'Where on it a region that is not your own may lie: the part, not the conveyor belt.',
  })
  allowedArea?: AreaInput | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'The share of the noise levels that the region passes through, 0.05 … 1. The default is 0.8. A low value keeps more of the picture.',
  })
  denoisingStrength?: number | null;

  @Field(() => Float, {
    nullable: true,
    deprecationReason: 'Use `denoisingStrength`.',
    description: 'The former name of `denoisingStrength`. Give one of the two.',
  })
  freedom?: number | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Also draws the normal twin of each sample from noise: the same seed at strength 0. Twice the time.',
  })
  twin?: boolean | null;

  @Field(() => QualityInput, {
    nullable: true,
    description: 'Which samples are kept. On a reference there is always a policy; from noise it needs twin: true.',
  })
  quality?: QualityInput | null;
}
