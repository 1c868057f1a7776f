import { Field, Float, InputType, Int, ObjectType } from 'type-graphql';

@InputType({ description: 'A sample that scores below a bound is rejected and drawn again with another seed.' })
export class QualityInput {
  @Field(() => Float, {
    nullable: true,
    description: '0 … 255. Default: 8, or the score of the faintest real defects of the pair if that is lower.',
  })
  minimumVisibility?: number | null;

  @Field(() => Float, { nullable: true, description: '0 … 1. Default: 0.5.' })
  minimumAgreement?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: '0 … 1. Default: 0. The only bound that applies to samples from noise without a twin.',
  })
  minimumConfidence?: number | null;

  @Field(() => Int, { nullable: true, description: 'How often one sample may be drawn, 1 … 20. Default: 4.' })
  maximumDraws?: number | null;

  @Field(() => Int, {
    nullable: true,
    deprecationReason: 'Use `maximumDraws`.',
    description: 'The former name of `maximumDraws`. Give only one of the two.',
  })
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

  @Field(() => Int, { description: 'How often one sample may be drawn.' })
  maximumDraws!: number;

  @Field(() => Int, { deprecationReason: 'Use `maximumDraws`.' })
  maximumAttempts!: number;
}

@ObjectType({
  description: 'How visible the defect is, compared with the image that it is drawn on or with the normal twin.',
})
export class Scores {
  @Field(() => Float, { description: 'The mean change inside the mask, 0 … 255.' })
  visibility!: number;

  @Field(() => Float, { description: 'The IoU of the mask with the pixels that changed, 0 … 1.' })
  agreement!: number;

  @Field(() => Float, {
    description:
      'The mean change along the border of the changed pixels, except where that border is the edge of the defect, 0 … 255.',
  })
  seam!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'The IoU of the mask with the region that was allowed to change. Only for samples on a reference.',
  })
  filling!: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      "The ratio of the defect direction's strength inside the region to that outside. Only for samples on a reference.",
  })
  direction!: number | null;
}
