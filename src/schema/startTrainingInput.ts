import { Field, Float, ID, InputType, Int } from 'type-graphql';
import { TrainingKind, WindowFlips } from './training.js';

@InputType({ description: 'How windows are cut from the photographs of a product: squares in their own pixels.' })
export class TrainingWindowInput {
  @Field(() => String)
  partNumber!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'The side of the square, 8 … 16384. It is scaled to the size of the model. Default: 128.',
  })
  window?: number | null;

  @Field(() => WindowFlips, { nullable: true, description: 'Default: BOTH.' })
  flips?: keyof typeof WindowFlips | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether quarter turns leave the product plausible. Default: false.',
  })
  quarterTurns?: boolean | null;

  @Field(() => Float, { nullable: true, description: 'The share by which the side varies, 0 … 0.9. Default: 0.' })
  zoom?: number | null;
}

@InputType({ description: 'Ranges and defaults: `serverInfo { trainingRanges trainingDefaults }`.' })
export class StartTrainingInput {
  @Field(() => ID, { description: 'The version of a data set. Its split TRAIN is learnt, TEST is for the verdict.' })
  dataSetId!: string;

  @Field(() => TrainingKind, { nullable: true, description: 'Default: ADAPTER.' })
  kind?: keyof typeof TrainingKind | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The model that the training begins with; of FROM_SCRATCH, the one whose architecture it takes. One with isTrainingBase. Default: the default model.',
  })
  base?: string | null;

  @Field(() => String, { description: 'Of the new model: a-z, 0-9, ".", "_", "-", such as my-parts.' })
  name!: string;

  @Field(() => String, { description: 'Of the new model: three numbers, such as 1.0.0.' })
  version!: string;

  @Field(() => Float, {
    nullable: true,
    description:
      'How long the training takes, its verdict included, once it has begun; from 0.1 to `serverInfo.limits.trainingMinutes`. ' +
      'A quarter of it, at most 5, is for the verdict. Default: 30, or the most if that is less.',
  })
  minutes?: number | null;

  @Field(() => [TrainingWindowInput], {
    nullable: true,
    description: 'Of products that need others than the defaults.',
  })
  windows?: TrainingWindowInput[] | null;

  @Field(() => String, { nullable: true, description: 'Of the new model.' })
  description?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The licence of the photographs, as SPDX names it; that of the base holds too, but for FROM_SCRATCH. Default: LicenseRef-private.',
  })
  license?: string | null;

  @Field(() => String, { nullable: true, description: 'What may be done with the photographs.' })
  terms?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Whether the verdict compares detectors that are trained with samples of the new model with others without. Of 10 minutes or more, ' +
      'it takes a sixth, at most 5. Default: true.',
  })
  measureDetectors?: boolean | null;

  @Field(() => Int, { nullable: true, description: 'Of windows and training. Default: that of the base.' })
  seed?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Of the changes that an ADAPTER learns, 1 … 64. Default: 16. Other kinds have none.',
  })
  rank?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: "0 … 9. Orders the tenant's own trainings; it rises by one for each minute of waiting. Default: 0.",
  })
  priority?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Makes a retry safe: the same key with the same input always returns the same training.',
  })
  idempotencyKey?: string | null;
}
