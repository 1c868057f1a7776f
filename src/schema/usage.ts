import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, Int, ObjectType } from 'type-graphql';

@ObjectType({ description: 'How much of a quota is used. Without a limit, the quota is unbounded.' })
export class QuotaUse {
  @Field(() => GraphQLSafeInt)
  used!: number;

  @Field(() => GraphQLSafeInt, { nullable: true })
  limit!: number | null;
}

@ObjectType({
  description: "What the caller's tenant may use. Beyond it, requests get QUOTA_EXCEEDED or RATE_LIMITED.",
})
export class Usage {
  @Field(() => QuotaUse, { description: 'Queued and running generations.' })
  concurrentGenerations!: QuotaUse;

  @Field(() => QuotaUse, { description: 'Pixels of the model × steps × samples, accepted today (UTC).' })
  pixelStepsToday!: QuotaUse;

  @Field(() => QuotaUse)
  storedBytes!: QuotaUse;

  @Field(() => QuotaUse, {
    description: 'Minutes of trainings that were accepted today (UTC); of canceled and failed ones, what they ran.',
  })
  trainingMinutesToday!: QuotaUse;

  @Field(() => Int, { nullable: true, description: 'Operations, in each API process.' })
  requestsPerMinute!: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'After this many days, the samples and events of finished generations are deleted.',
  })
  retentionDays!: number | null;
}
