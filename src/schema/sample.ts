import { GraphQLURL } from 'graphql-scalars';
import { Field, Float, GraphQLISODateTime, ID, InputType, Int, ObjectType } from 'type-graphql';
import { connectionType } from './connection.js';

@ObjectType({ description: 'A stored file. Its URL needs no key; fetch it before it expires, or ask again.' })
export class Artifact {
  @Field(() => GraphQLURL)
  url!: URL;

  @Field(() => String)
  contentType!: string;

  @Field(() => Int)
  width!: number;

  @Field(() => Int)
  height!: number;

  @Field(() => Int)
  bytes!: number;

  @Field(() => GraphQLISODateTime)
  expiresAt!: Date;
}

@ObjectType({ description: 'In pixels, from the top left corner.' })
export class BoundingBox {
  @Field(() => Int)
  x!: number;

  @Field(() => Int)
  y!: number;

  @Field(() => Int)
  width!: number;

  @Field(() => Int)
  height!: number;
}

@ObjectType({ description: 'One image with its mask.' })
export class Sample {
  @Field(() => ID)
  id!: string;

  @Field(() => Int, { description: 'Within its generation, from 0.' })
  index!: number;

  @Field(() => Int)
  seed!: number;

  @Field(() => Float, { description: 'w_d of Eq. 4, for this sample.' })
  strength!: number;

  @Field(() => Float, { description: 'Share of the pixels that the mask covers, 0 … 1.' })
  areaFraction!: number;

  @Field(() => [BoundingBox], { description: 'One per connected region of the mask, the largest first.' })
  boundingBoxes!: BoundingBox[];

  @Field(() => Float, {
    nullable: true,
    description:
      'How sure the model is of what the mask marks, 0 … 1: the mean of its soft mask inside the mask; 0 where it marks nothing. ' +
      'Compare it within a pair. Null for samples from before it was kept.',
  })
  confidence!: number | null;

  @Field(() => Int, { description: 'Which try it was, from 1: those before were rejected.' })
  attempt!: number;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;
}

export const SampleConnection = connectionType(Sample);

@InputType({ description: 'Bounds included; either may be left out.' })
export class FloatRange {
  @Field(() => Float, { nullable: true })
  min?: number | null;

  @Field(() => Float, { nullable: true })
  max?: number | null;
}

@InputType({ description: 'All that are given must hold.' })
export class SampleFilter {
  @Field(() => ID, { nullable: true })
  generationId?: string | null;

  @Field(() => String, { nullable: true })
  partNumber?: string | null;

  @Field(() => String, { nullable: true })
  defectCode?: string | null;

  @Field(() => FloatRange, { nullable: true })
  strength?: FloatRange | null;

  @Field(() => FloatRange, { nullable: true })
  areaFraction?: FloatRange | null;

  @Field(() => FloatRange, { nullable: true, description: 'Samples from before it was kept are left out.' })
  confidence?: FloatRange | null;

  @Field(() => FloatRange, { nullable: true, description: 'Samples without scores are left out, here and below.' })
  visibility?: FloatRange | null;

  @Field(() => FloatRange, { nullable: true })
  agreement?: FloatRange | null;

  @Field(() => FloatRange, { nullable: true })
  seam?: FloatRange | null;

  @Field(() => FloatRange, { nullable: true })
  direction?: FloatRange | null;

  @Field(() => ID, { nullable: true })
  referenceId?: string | null;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Included.' })
  createdAfter?: Date | null;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Not included.' })
  createdBefore?: Date | null;
}
