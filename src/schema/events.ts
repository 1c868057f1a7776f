import { Field, Int, ObjectType, createUnionType } from 'type-graphql';
import { DateTime } from './dateTime.js';
import type { EventPayload } from '../storage/jsonColumns.js';
import { Generation, GenerationError, Progress } from './generation.js';
import { Sample } from './sample.js';

/** Fields that all events have. `type` selects the member of the union. */
@ObjectType()
abstract class EventFields {
  type!: EventPayload['type'];

  @Field(() => Int, {
    description: '1, 2, 3 … within the generation, without gaps. Pass the last one that you saw as `after`.',
  })
  seq!: number;

  @Field(() => DateTime)
  at!: Date;

  @Field(() => Generation, { description: 'The current state of the generation, which may be later than the event.' })
  generation!: Generation | Promise<Generation>;
}

@ObjectType({ description: 'The generation was accepted. It will run, even if the service restarts.' })
export class GenerationQueued extends EventFields {
  @Field(() => Int, { nullable: true, description: 'How many generations, of all tenants, were ahead of it.' })
  ahead?: number | undefined;

  @Field(() => Int, {
    nullable: true,
    description:
      'Seconds until its last sample, as estimated when it was accepted. Null if no worker has measured its throughput yet.',
  })
  estimatedSeconds?: number | null | undefined;
}

@ObjectType()
export class GenerationStarted extends EventFields {}

@ObjectType({
  description: 'What a sample is becoming while it is drawn; on a photograph, the part of it that the model sees.',
})
export class SamplePreview {
  @Field(() => Int, { description: 'The index of the sample.' })
  index!: number;

  @Field(() => String, { description: 'A data URL with a WebP image of at most 256 × 256 pixels.' })
  image!: string;
}

@ObjectType({ description: 'Sent at most a few times a second.' })
export class GenerationProgressed extends EventFields {
  @Field(() => Progress)
  progress!: Progress;

  @Field(() => [SamplePreview], {
    description:
      'Of the samples that have a new one, if the request asked for `previews`. Empty once the generation has ended.',
  })
  previews!: readonly SamplePreview[];
}

@ObjectType({ description: 'A sample can be downloaded.' })
export class SampleReady extends EventFields {
  @Field(() => Sample)
  sample!: Sample | Promise<Sample>;
}

@ObjectType()
export class GenerationSucceeded extends EventFields {}

@ObjectType({ description: 'Samples that were ready before stay.' })
export class GenerationFailed extends EventFields {
  @Field(() => GenerationError)
  error!: GenerationError;
}

@ObjectType({ description: 'Samples that were ready before stay.' })
export class GenerationCanceled extends EventFields {}

const MEMBERS = {
  GenerationQueued,
  GenerationStarted,
  GenerationProgressed,
  SampleReady,
  GenerationSucceeded,
  GenerationFailed,
  GenerationCanceled,
};

export const GenerationEvent = createUnionType({
  name: 'GenerationEvent',
  types: () => Object.values(MEMBERS) as never,
  resolveType: (event: EventFields) => event.type,
});
