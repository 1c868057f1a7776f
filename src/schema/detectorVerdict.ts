/** What a training says of detectors with and without samples of its model. */
import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';
import { namesOf } from './enums.js';

export const DetectorConclusion = namesOf('BETTER', 'WORSE', 'NOT_TOLD_APART');
export const NoDetectorsReason = namesOf('OUT_OF_TIME', 'TOO_FEW_PHOTOGRAPHS', 'NO_MASKS', 'NOT_INSTALLED');

registerEnumType(DetectorConclusion, {
  name: 'DetectorConclusion',
  description: 'What the interval of a gain says.',
  valuesConfig: {
    BETTER: { description: 'All of it is above 0.' },
    WORSE: { description: 'All of it is below 0.' },
    NOT_TOLD_APART: { description: 'It has 0 in it, or there was time for one pair of detectors alone.' },
  },
});

registerEnumType(NoDetectorsReason, {
  name: 'NoDetectorsReason',
  valuesConfig: {
    OUT_OF_TIME: { description: 'The minutes do not suffice: give 10 or more.' },
    TOO_FEW_PHOTOGRAPHS: {
      description: 'There is no defective photograph to learn from or kept apart, or no photograph of a good part.',
    },
    NO_MASKS: { description: 'No sample has a mask.' },
    NOT_INSTALLED: { description: 'The trainer of the operator lacks the libraries for it.' },
  },
});

@ObjectType({ description: 'The 95 % interval is over photographs and seeds.' })
export class DetectorGain {
  @Field(() => Float)
  mean!: number;

  @Field(() => Float)
  low!: number;

  @Field(() => Float)
  high!: number;
}

@ObjectType({
  description:
    'The mean IoU, 0 to 1, of small segmenters on the photographs that were kept apart. They learn from the same photographs, with augmentation.',
})
export class DetectorVerdict {
  @Field(() => String, { description: 'The prompt name.' })
  product!: string;

  @Field(() => Int, { description: 'That were kept apart.' })
  photographs!: number;

  @Field(() => Float, { description: 'Of those that learn from photographs alone.' })
  without!: number;

  @Field(() => Float, { description: 'Of those half of whose defective windows are samples of the model.' })
  withSamples!: number;

  @Field(() => DetectorGain, { description: 'With samples minus without.' })
  gain!: DetectorGain;

  @Field(() => DetectorConclusion)
  conclusion!: keyof typeof DetectorConclusion;
}

@ObjectType()
export class WithoutDetectors {
  @Field(() => String, { description: 'The prompt name.' })
  product!: string;

  @Field(() => NoDetectorsReason)
  reason!: keyof typeof NoDetectorsReason;
}
