import { Field, Float, GraphQLISODateTime, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { GuidanceName, MaskMode as MaskModeName, SamplerName } from '../inference/index.js';
import { connectionType } from './connection.js';
import { AttemptOutcome, GenerationStatus, Guidance, MaskMode, Sampler } from './enums.js';
import { Quality } from './quality.js';
import { Variation } from './transplant.js';

@ObjectType()
export class StrengthRange {
  @Field(() => Float, { description: 'The strength of the first sample.' })
  min!: number;

  @Field(() => Float, { description: 'The strength of the last sample.' })
  max!: number;
}

@ObjectType({
  description: 'The request with all defaults filled in. The same request gives the same images again.',
})
export class GenerationRequest {
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
    description: 'Denoising steps over all samples. The number can fall when a device or the service restarts.',
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

@ObjectType({ description: 'One claim of the generation by a worker.' })
export class Attempt {
  @Field(() => Int, { description: '1, 2, 3 …' })
  number!: number;

  @Field(() => GraphQLISODateTime)
  startedAt!: Date;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Null while the attempt is running.' })
  endedAt!: Date | null;

  @Field(() => AttemptOutcome, { nullable: true })
  outcome!: keyof typeof AttemptOutcome | null;

  @Field(() => String, { nullable: true, description: 'Why the attempt ended before the generation was finished.' })
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
    description: 'When retention deleted its samples and events. The generation itself stays.',
  })
  expiredAt!: Date | null;
}

export const GenerationConnection = connectionType(Generation);

@InputType({ description: 'All given conditions must hold.' })
export class GenerationFilter {
  @Field(() => [GenerationStatus], { nullable: true, description: 'Any of these statuses.' })
  status?: GenerationStatus[] | null;

  @Field(() => String, { nullable: true })
  partNumber?: string | null;

  @Field(() => String, { nullable: true })
  defectCode?: string | null;

  @Field(() => String, { nullable: true, description: '"name" (any version) or "name@version".' })
  model?: string | null;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Inclusive.' })
  createdAfter?: Date | null;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Exclusive.' })
  createdBefore?: Date | null;
}
