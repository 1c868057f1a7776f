import { Field, GraphQLISODateTime, Int, ObjectType, createUnionType } from 'type-graphql';
import type { EventPayload } from '../storage/jsonColumns.js';
import { Generation, GenerationError, Progress } from './generation.js';
import { Sample } from './sample.js';

/** What all events have. `type` tells the members of the union apart. */
@ObjectType()
abstract class EventFields {
  type!: EventPayload['type'];

  @Field(() => Int, {
    description: '1, 2, 3 … within the generation, without a gap. Pass the last one seen as `after`.',
  })
  seq!: number;

  @Field(() => GraphQLISODateTime)
  at!: Date;

  @Field(() => Generation, { description: 'As it is now, which may be later than the event.' })
  generation!: Generation | Promise<Generation>;
}

@ObjectType({ description: 'Accepted; it will be drawn whatever happens to the service.' })
export class GenerationQueued extends EventFields {
  @Field(() => Int, { nullable: true, description: 'How many generations were to go before it, over all tenants.' })
  ahead?: number | undefined;

  @Field(() => Int, {
    nullable: true,
    description:
      'Until its last sample, as estimated when it was accepted; null before any worker has measured its speed.',
  })
  estimatedSeconds?: number | null | undefined;
}

@ObjectType()
export class GenerationStarted extends EventFields {}

@ObjectType({ description: 'A few times a second at most.' })
export class GenerationProgressed extends EventFields {
  @Field(() => Progress)
  progress!: Progress;
}

@ObjectType({ description: 'A sample can be fetched.' })
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
