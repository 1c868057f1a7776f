import { GraphQLURL } from 'graphql-scalars';
import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { DateTime } from './dateTime.js';
import { Node } from './node.js';
import { connectionType } from './connection.js';
import { AllowedAreaSource, ReviewState } from './enums.js';

@ObjectType({
  description: 'A stored file. Its URL needs no key. Query again for a new URL when this one has expired.',
})
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

  @Field(() => DateTime)
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

@ObjectType({ description: 'Where a region that the request did not give, or a transplanted defect, could lie.' })
export class AllowedArea {
  @Field(() => AllowedAreaSource)
  source!: keyof typeof AllowedAreaSource;

  @Field(() => Float, { description: "The share of the image's pixels, above 0 to 1." })
  share!: number;
}

@ObjectType({ implements: Node, description: 'One image with its mask.' })
export class Sample {
  @Field(() => ID)
  id!: string;

  @Field(() => Int, { description: 'The position within the generation, from 0.' })
  index!: number;

  @Field(() => Int)
  seed!: number;

  @Field(() => Float, { description: 'w_d of Eq. 4, for this sample.' })
  strength!: number;

  @Field(() => Float, { description: 'The share of the pixels that the mask covers, 0 … 1.' })
  areaFraction!: number;

  @Field(() => [BoundingBox], { description: 'One box per connected region of the mask, the largest first.' })
  boundingBoxes!: BoundingBox[];

  @Field(() => Float, {
    nullable: true,
    description:
      'How sure the model is of the mask, 0 … 1: the mean of the soft mask inside the mask, or 0 if the mask is empty. ' +
      'Compare it only within a pair. Null for transplants, whose mask is that of a real defect, and for samples of versions that did not ' +
      'record it.',
  })
  confidence!: number | null;

  @Field(() => AllowedArea, {
    nullable: true,
    description:
      'Null for samples from noise, for a region of your own, and for samples of versions that did not record it.',
  })
  allowedArea!: AllowedArea | null;

  @Field(() => Int, { description: 'The old name of `draws`.', deprecationReason: 'Use `draws`.' })
  attempt!: number;

  @Field(() => DateTime)
  createdAt!: Date;
}

export const SampleConnection = connectionType(Sample);

@InputType({ description: 'Both bounds are inclusive and optional.' })
export class FloatRange {
  @Field(() => Float, { nullable: true })
  min?: number | null;

  @Field(() => Float, { nullable: true })
  max?: number | null;
}

@InputType({ description: 'All given conditions must hold.' })
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

  @Field(() => FloatRange, { nullable: true, description: 'Samples of versions that did not record it are left out.' })
  confidence?: FloatRange | null;

  @Field(() => FloatRange, {
    nullable: true,
    description: 'Samples without scores are left out. This applies to the next fields too.',
  })
  visibility?: FloatRange | null;

  @Field(() => FloatRange, { nullable: true })
  agreement?: FloatRange | null;

  @Field(() => FloatRange, { nullable: true })
  seam?: FloatRange | null;

  @Field(() => FloatRange, { nullable: true })
  direction?: FloatRange | null;

  @Field(() => ID, { nullable: true })
  referenceId?: string | null;

  @Field(() => ID, { nullable: true, description: 'The photograph that the defect was transplanted from.' })
  defectReferenceId?: string | null;

  @Field(() => [ReviewState], { nullable: true, description: 'Samples whose review has one of these states.' })
  review?: (keyof typeof ReviewState)[] | null;

  @Field(() => String, { nullable: true, description: 'Samples whose review has this tag.' })
  tag?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Inclusive.' })
  createdAfter?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Exclusive.' })
  createdBefore?: Date | null;
}
