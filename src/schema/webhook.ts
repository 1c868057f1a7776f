import { GraphQLJSONObject, GraphQLURL } from 'graphql-scalars';
import { Field, GraphQLISODateTime, ID, InputType, Int, ObjectType } from 'type-graphql';
import { connectionType } from './connection.js';
import { WebhookDeliveryStatus, WebhookEvent } from './enums.js';

@ObjectType({
  description: 'An address of yours that is told of events by POST, signed after the Standard Webhooks specification.',
})
export class Webhook {
  @Field(() => ID)
  id!: string;

  @Field(() => GraphQLURL)
  url!: string;

  @Field(() => String, { nullable: true })
  description!: string | null;

  @Field(() => [WebhookEvent])
  events!: readonly (keyof typeof WebhookEvent)[];

  @Field(() => Boolean, { description: 'While it is not, it hears of nothing new, and what waits goes on waiting.' })
  enabled!: boolean;

  @Field(() => String, { nullable: true, description: 'Why the service itself disabled it.' })
  disabledReason!: string | null;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;
}

export const WebhookConnection = connectionType(Webhook);

@ObjectType()
export class WebhookWithSecret {
  @Field(() => Webhook)
  webhook!: object;

  @Field(() => String, { description: 'Shown this once. Deliveries are signed with it.' })
  secret!: string;
}

@ObjectType({ description: 'One event on its way to one webhook: at least once, in no certain order.' })
export class WebhookDelivery {
  @Field(() => ID, { description: 'The webhook-id of every attempt: by it a receiver knows a repetition.' })
  id!: string;

  @Field(() => WebhookEvent)
  event!: keyof typeof WebhookEvent;

  @Field(() => WebhookDeliveryStatus)
  status!: keyof typeof WebhookDeliveryStatus;

  @Field(() => Int, { description: 'Since it was recorded, or was last redelivered.' })
  attempts!: number;

  @Field(() => Int, { nullable: true, description: 'Null when the last attempt had no answer.' })
  lastStatusCode!: number | null;

  @Field(() => String, { nullable: true })
  lastError!: string | null;

  @Field(() => GraphQLISODateTime, { nullable: true })
  nextAttemptAt!: Date | null;

  @Field(() => GraphQLJSONObject, { description: 'What is sent: type, timestamp, data.' })
  payload?: object;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;

  @Field(() => GraphQLISODateTime, { nullable: true })
  finishedAt!: Date | null;
}

export const WebhookDeliveryConnection = connectionType(WebhookDelivery);

@InputType()
export class CreateWebhookInput {
  @Field(() => String, {
    description: 'https, and an address on the public internet, unless the operator allows others.',
  })
  url!: string;

  @Field(() => [WebhookEvent])
  events!: (keyof typeof WebhookEvent)[];

  @Field(() => String, { nullable: true, description: 'For people.' })
  description?: string | null;
}

@InputType({ description: 'What is left out stays as it is.' })
export class UpdateWebhookInput {
  @Field(() => String, { nullable: true })
  url?: string | null;

  @Field(() => [WebhookEvent], { nullable: true })
  events?: (keyof typeof WebhookEvent)[] | null;

  @Field(() => String, { nullable: true })
  description?: string | null;

  @Field(() => Boolean, { nullable: true })
  enabled?: boolean | null;
}
