import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { TRAINING_ORDERS } from '../trainings/trainingRepository.js';
import { connectionType, orderInput } from './connection.js';
import { DateTime } from './dateTime.js';
import { GenerationStatus, namesOf } from './enums.js';
import { DetectorVerdict, WithoutDetectors } from './detectorVerdict.js';
import { Node } from './node.js';

export const TrainingKind = namesOf('ADAPTER', 'FINE_TUNE', 'FROM_SCRATCH');
export const TrainingStatus = GenerationStatus;
export const WindowFlips = namesOf('BOTH', 'LEFT_RIGHT', 'UP_DOWN', 'NONE');
export const VerdictConcern = namesOf('FEW_REAL_FOUND', 'SHOWN_RARELY');

registerEnumType(TrainingKind, {
  name: 'TrainingKind',
  valuesConfig: {
    ADAPTER: {
      description: 'A small file that knows the products of the data set, beside its base, which stays as it is.',
    },
    FINE_TUNE: {
      description:
        'A bundle that begins with all that its base knows and learns the data set, with samples of the base against forgetting.',
    },
    FROM_SCRATCH: {
      description:
        'A bundle with the architecture of its base and nothing that it learnt. It needs hours, and many photographs.',
    },
  },
});

registerEnumType(WindowFlips, {
  name: 'WindowFlips',
  description: 'The mirrorings that leave a product plausible.',
});

registerEnumType(VerdictConcern, {
  name: 'VerdictConcern',
  description: 'Why samples may be of no use.',
  valuesConfig: {
    FEW_REAL_FOUND: {
      description: 'Too few defects of photographs are found to tell about samples: mark more photographs.',
    },
    SHOWN_RARELY: { description: 'Samples show the defect less than half as often as photographs: train for longer.' },
  },
});

@ObjectType({ description: 'A figure of a training, such as the loss.' })
export class TrainingFigure {
  @Field(() => String)
  name!: string;

  @Field(() => Float)
  value!: number;
}

@ObjectType()
export class TrainingProgress {
  @Field(() => String, { description: 'Such as "adapter", in which the model learns.' })
  phase!: string;

  @Field(() => Int, { description: 'Of this phase.' })
  done!: number;

  @Field(() => Int, { description: 'Of this phase; it changes while the speed is measured.' })
  total!: number;

  @Field(() => [TrainingFigure], { description: 'Of the last steps, such as the losses of the paper.' })
  figures!: readonly TrainingFigure[];

  @Field(() => Float, { description: 'Until the minutes of the training are over.' })
  secondsLeft!: number;
}

@ObjectType({
  description: 'What a segmenter that was trained on the photographs alone says of the samples of one pair.',
})
export class PairVerdict {
  @Field(() => String, { description: 'The prompt name.' })
  product!: string;

  @Field(() => String, { description: 'The prompt name.' })
  defect!: string;

  @Field(() => Float, { description: 'The share of samples in which it finds the defect, 0 to 1.' })
  samples!: number;

  @Field(() => Float, { description: 'The share of their normal twins, which show none: the lower, the better.' })
  twins!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'The share of photographs that it did not see. Null: there are none.',
  })
  real!: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'The share of samples of the base, of a pair that it knew: what fine-tuning has changed. Null: the pair was new.',
  })
  before?: number | null;

  @Field(() => VerdictConcern, { nullable: true })
  concern!: keyof typeof VerdictConcern | null;
}

@ObjectType({ description: 'Prompt names.' })
export class TrainingPair {
  @Field(() => String)
  product!: string;

  @Field(() => String)
  defect!: string;
}

@ObjectType({ description: 'Whether samples show their defects, and whether detectors get better with them.' })
export class TrainingVerdict {
  @Field(() => [PairVerdict])
  pairs!: readonly PairVerdict[];

  @Field(() => [TrainingPair], { description: 'Not measured, because the minutes were over.' })
  outOfTime!: readonly TrainingPair[];

  @Field(() => [TrainingPair], { description: 'Not measured, because there is no photograph of a good part.' })
  withoutNormal!: readonly TrainingPair[];

  @Field(() => [DetectorVerdict], { description: 'Product by product.' })
  detectors!: readonly DetectorVerdict[];

  @Field(() => [WithoutDetectors], { description: 'Products of which no detectors were compared.' })
  withoutDetectors!: readonly WithoutDetectors[];
}

@ObjectType({ description: 'Why a training failed. Before it is finished: why its last attempt failed.' })
export class TrainingError {
  @Field(() => String)
  code!: string;

  @Field(() => String)
  message!: string;
}

@ObjectType({ description: 'How windows are cut from the photographs of a product.' })
export class TrainingWindow {
  @Field(() => String)
  partNumber!: string;

  @Field(() => Int, { nullable: true })
  window?: number | undefined;

  @Field(() => WindowFlips, { nullable: true })
  flips?: keyof typeof WindowFlips | undefined;

  @Field(() => Boolean, { nullable: true })
  quarterTurns?: boolean | undefined;

  @Field(() => Float, { nullable: true })
  zoom?: number | undefined;
}

@ObjectType({ description: 'The options of the request, with defaults filled in.' })
export class TrainingOptions {
  @Field(() => [TrainingWindow], { description: 'Other products have the defaults.' })
  windows!: readonly TrainingWindow[];

  @Field(() => String)
  license!: string;

  @Field(() => String)
  terms!: string;

  @Field(() => Int, { nullable: true, description: 'Null: that of the base.' })
  seed!: number | null;

  @Field(() => Int, { nullable: true, description: 'Of an ADAPTER; null for other kinds.' })
  rank!: number | null;

  @Field(() => Boolean, { description: 'Whether the verdict compares detectors.' })
  measureDetectors!: boolean;
}

@ObjectType({
  implements: Node,
  description: 'The training of a model of your own on a data set. Its model can be drawn with once it is published.',
})
export class Training {
  @Field(() => ID)
  id!: string;

  @Field(() => TrainingKind)
  kind!: keyof typeof TrainingKind;

  @Field(() => GenerationStatus)
  status!: keyof typeof TrainingStatus;

  @Field(() => String, {
    description: 'The model that it begins with, or whose architecture it takes, name@version.',
  })
  base!: string;

  @Field(() => String, { description: 'The name of the new model.' })
  name!: string;

  @Field(() => String, { description: 'The version of the new model.' })
  version!: string;

  @Field(() => Float)
  minutes!: number;

  @Field(() => Int)
  priority!: number;

  @Field(() => Int, { description: 'How often a trainer claimed it.' })
  attempts!: number;

  @Field(() => String, { nullable: true })
  idempotencyKey!: string | null;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => String, { nullable: true, description: 'The subject of the caller: "key:<id>" or "token:<sub>".' })
  createdBy!: string | null;

  @Field(() => DateTime, { nullable: true })
  startedAt!: Date | null;

  @Field(() => DateTime, { nullable: true })
  finishedAt!: Date | null;

  @Field(() => DateTime, { nullable: true })
  discardedAt!: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When retention deleted its events, its image grids, and a model that was not published.',
  })
  expiredAt!: Date | null;
}

export const TrainingConnection = connectionType(Training);
export const TrainingOrder = orderInput('Training', TRAINING_ORDERS);

@InputType()
export class TrainingFilter {
  @Field(() => [GenerationStatus], { nullable: true })
  statuses?: (keyof typeof TrainingStatus)[] | null;
}
