import { Field, Float, Int, ObjectType } from 'type-graphql';
import { TrainingKind, WindowFlips } from './training.js';

@ObjectType({ description: 'What a request of `startTraining` has if it leaves a field out.' })
export class TrainingDefaults {
  @Field(() => TrainingKind)
  kind!: keyof typeof TrainingKind;

  @Field(() => Float)
  minutes!: number;

  @Field(() => String)
  license!: string;

  @Field(() => String)
  terms!: string;

  @Field(() => Int, { description: 'Of an ADAPTER.' })
  rank!: number;

  @Field(() => Boolean)
  measureDetectors!: boolean;

  @Field(() => Int)
  priority!: number;

  @Field(() => Int, { description: 'The side of the windows of a product, in pixels of its photographs.' })
  window!: number;

  @Field(() => WindowFlips)
  flips!: keyof typeof WindowFlips;

  @Field(() => Boolean)
  quarterTurns!: boolean;

  @Field(() => Float)
  zoom!: number;
}

@ObjectType({ description: 'The least and the most that a field may be.' })
export class TrainingRange {
  @Field(() => Float)
  min!: number;

  @Field(() => Float)
  max!: number;
}

@ObjectType({ description: 'What a request of `startTraining` may ask for.' })
export class TrainingRanges {
  @Field(() => TrainingRange)
  minutes!: TrainingRange;

  @Field(() => TrainingRange, { description: 'The side of the windows of a product, in pixels of its photographs.' })
  window!: TrainingRange;

  @Field(() => TrainingRange)
  zoom!: TrainingRange;

  @Field(() => TrainingRange)
  rank!: TrainingRange;

  @Field(() => TrainingRange)
  seed!: TrainingRange;

  @Field(() => TrainingRange)
  priority!: TrainingRange;
}
