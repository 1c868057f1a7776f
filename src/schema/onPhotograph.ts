import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { RegionPlace } from './enums.js';

@InputType({ description: 'One of the four.' })
export class ReferenceInput {
  @Field(() => ID, { nullable: true, description: 'A photograph of the product, as createUpload registered it.' })
  id?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "Each picture on another of the product's photographs, in turn.",
  })
  anyOfProduct?: boolean | null;

  @Field(() => ID, {
    nullable: true,
    description: 'On the picture of a sample of the product: several defects in one picture. Its mask marks them all.',
  })
  sampleId?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Each sample on its own normal twin, which is drawn first, from the same seed: from noise, and yet nothing but the defect ' +
      'differs from a normal picture. No photograph is needed.',
  })
  twin?: boolean | null;
}

@InputType({ description: "In the picture's pixels, from the top left corner." })
export class PointInput {
  @Field(() => Float)
  x!: number;

  @Field(() => Float)
  y!: number;
}

@InputType({ description: 'One of the two.' })
export class AreaInput {
  @Field(() => ID, { nullable: true, description: 'A region mask of the size of what is drawn on.' })
  maskId?: string | null;

  @Field(() => [[PointInput]], { nullable: true, description: 'Each of 3 points or more; inside any of them.' })
  polygons?: PointInput[][] | null;
}

@InputType({ description: 'A region of your own (maskId or polygons), outside which no pixel changes; or place.' })
export class RegionInput extends AreaInput {
  @Field(() => RegionPlace, { nullable: true })
  place?: keyof typeof RegionPlace | null;
}

@InputType({ description: 'A sample that scores less is rejected and drawn again with another seed.' })
export class QualityInput {
  @Field(() => Float, {
    nullable: true,
    description: '0 … 255. Default: 8, or what the faintest real defects of the pair have, if that is less.',
  })
  minimumVisibility?: number | null;

  @Field(() => Float, { nullable: true, description: '0 … 1. Default 0.5.' })
  minimumAgreement?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: '0 … 1. Default 0. The only bound that samples from noise without a twin can be held to.',
  })
  minimumConfidence?: number | null;

  @Field(() => Int, { nullable: true, description: 'Per sample, 1 … 20. Default 4.' })
  maximumAttempts?: number | null;
}

@ObjectType({ description: 'Which samples are kept.' })
export class Quality {
  @Field(() => Float)
  minimumVisibility!: number;

  @Field(() => Float)
  minimumAgreement!: number;

  @Field(() => Float)
  minimumConfidence!: number;

  @Field(() => Int)
  maximumAttempts!: number;
}

@ObjectType({ description: 'How well the defect shows, measured against the picture drawn on, or the normal twin.' })
export class Scores {
  @Field(() => Float, { description: 'Mean change inside the mask, 0 … 255.' })
  visibility!: number;

  @Field(() => Float, { description: 'IoU of the mask with what changed, 0 … 1.' })
  agreement!: number;

  @Field(() => Float, {
    description: "Mean change on the border of what changed, where that is not the defect's own edge, 0 … 255.",
  })
  seam!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'IoU of the mask with the region that was free to change. Of samples on a reference.',
  })
  filling!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Strength of the defect direction inside the region over outside. Of samples on a reference.',
  })
  direction!: number | null;
}
