import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { DateTime } from './dateTime.js';
import { GENERATION_ORDERS } from '../generations/generationRepository.js';
import { Node } from './node.js';
import { connectionType, orderInput } from './connection.js';
import { AttemptOutcome, GenerationStatus } from './enums.js';

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

  @Field(() => DateTime)
  startedAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'Null while the attempt is running.' })
  endedAt!: Date | null;

  @Field(() => AttemptOutcome, { nullable: true })
  outcome!: keyof typeof AttemptOutcome | null;

  @Field(() => String, { nullable: true, description: 'Why the attempt ended before the generation was finished.' })
  message!: string | null;
}

@ObjectType({ implements: Node, description: 'One request for samples of one defect on one product.' })
export class Generation {
  @Field(() => ID)
  id!: string;

  @Field(() => GenerationStatus)
  status!: GenerationStatus;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => String, {
    nullable: true,
    description:
      'The subject of the caller who requested it: "key:<id>" or "token:<sub>". Null for those of older versions.',
  })
  createdBy!: string | null;

  @Field(() => DateTime, { nullable: true })
  startedAt!: Date | null;

  @Field(() => DateTime, { nullable: true })
  finishedAt!: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When retention deleted its samples and events. The generation itself stays.',
  })
  expiredAt!: Date | null;
}

export const GenerationConnection = connectionType(Generation);
export const GenerationOrder = orderInput('Generation', GENERATION_ORDERS);

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

  @Field(() => DateTime, { nullable: true, description: 'Inclusive.' })
  createdAfter?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Exclusive.' })
  createdBefore?: Date | null;
}
