import { Field, Int, ObjectType, createUnionType } from 'type-graphql';
import type { TrainingEventPayload } from '../storage/trainingJsonColumns.js';
import { DateTime } from './dateTime.js';
import { Artifact } from './sample.js';
import { Training, TrainingError, TrainingPair, TrainingProgress, TrainingVerdict } from './training.js';

/** Fields that all events have. `type` selects the member of the union. */
@ObjectType()
abstract class TrainingEventFields {
  type!: TrainingEventPayload['type'];

  @Field(() => Int, {
    description: '1, 2, 3 … within the training, without gaps. Pass the last one that you saw as `after`.',
  })
  seq!: number;

  @Field(() => DateTime)
  at!: Date;

  @Field(() => Training, { description: 'The current state of the training, which may be later than the event.' })
  training!: Training | Promise<Training>;
}

@ObjectType({ description: 'The training was accepted. It will run, even if the service restarts.' })
export class TrainingQueued extends TrainingEventFields {}

@ObjectType({ description: 'A trainer claimed it. If an earlier attempt was interrupted, it continues from there.' })
export class TrainingStarted extends TrainingEventFields {
  @Field(() => Int)
  attempt!: number;
}

@ObjectType({ description: 'Sent at most once a second.' })
export class TrainingProgressed extends TrainingEventFields {
  @Field(() => TrainingProgress)
  progress!: TrainingProgress;
}

@ObjectType({ description: 'What stops nothing, such as photographs that train poorly, or words that the base knows.' })
export class TrainingNoted extends TrainingEventFields {
  @Field(() => Boolean)
  isWarning!: boolean;

  @Field(() => String)
  message!: string;
}

@ObjectType({ description: 'What the model draws by now.' })
export class TrainingImageGrid {
  @Field(() => Artifact, {
    description:
      'One row for each of `pairs`: two real windows, then samples of strength 0, 1, and 2 of one seed, and 1.5 of another, with their masks outlined.',
  })
  image!: Artifact | Promise<Artifact>;

  @Field(() => Int, { description: 'How many steps the model had learnt.' })
  step!: number;

  @Field(() => [TrainingPair])
  pairs!: readonly TrainingPair[];
}

@ObjectType()
export class ImageGridReady extends TrainingEventFields {
  @Field(() => TrainingImageGrid)
  imageGrid!: TrainingImageGrid;
}

@ObjectType({ description: 'The model is trained, and its samples were compared with photographs.' })
export class TrainingJudged extends TrainingEventFields {
  @Field(() => TrainingVerdict)
  verdict!: TrainingVerdict;
}

@ObjectType({ description: 'The model can be published or discarded.' })
export class TrainingSucceeded extends TrainingEventFields {}

@ObjectType()
export class TrainingFailed extends TrainingEventFields {
  @Field(() => TrainingError)
  error!: TrainingError;
}

@ObjectType()
export class TrainingCanceled extends TrainingEventFields {}

const MEMBERS = {
  TrainingQueued,
  TrainingStarted,
  TrainingProgressed,
  TrainingNoted,
  ImageGridReady,
  TrainingJudged,
  TrainingSucceeded,
  TrainingFailed,
  TrainingCanceled,
};

export const TrainingEvent = createUnionType({
  name: 'TrainingEvent',
  types: () => Object.values(MEMBERS) as never,
  resolveType: (event: TrainingEventFields) => event.type,
});
