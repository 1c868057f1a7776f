import { GraphQLJSONObject, GraphQLURL } from 'graphql-scalars';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { DateTime } from './dateTime.js';
import { DELIVERY_ORDERS } from '../webhooks/deliveryRepository.js';
import { WEBHOOK_ORDERS } from '../webhooks/webhookRepository.js';
import { Node } from './node.js';
import { connectionType, orderInput } from './connection.js';
import { WebhookDeliveryStatus, WebhookEvent } from './enums.js';

@ObjectType({
  implements: Node,
  description: 'A URL of yours that receives events by POST, signed according to the Standard Webhooks specification.',
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

  @Field(() => Boolean, { description: 'A disabled webhook gets no new events, and its pending deliveries wait.' })
  enabled!: boolean;

  @Field(() => String, { nullable: true, description: 'Why the service disabled it.' })
  disabledReason!: string | null;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => String, {
    nullable: true,
    description:
      'The subject of the caller who created it: "key:<id>" or "token:<sub>". Null for those of older versions.',
  })
  createdBy!: string | null;
}

export const WebhookConnection = connectionType(Webhook);
export const WebhookOrder = orderInput('Webhook', WEBHOOK_ORDERS);

@ObjectType()
export class WebhookWithSecret {
  @Field(() => Webhook)
  webhook!: object;

  @Field(() => String, { description: 'The secret that signs deliveries. It is shown only once.' })
  secret!: string;
}

@ObjectType({
  implements: Node,
  description: 'One event for one webhook, delivered at least once and in no particular order.',
})
export class WebhookDelivery {
  @Field(() => ID, { description: 'The webhook-id of every attempt. A receiver can detect repetitions by it.' })
  id!: string;

  @Field(() => WebhookEvent)
  event!: keyof typeof WebhookEvent;

  @Field(() => WebhookDeliveryStatus)
  status!: keyof typeof WebhookDeliveryStatus;

  @Field(() => Int, { description: 'Attempts since the delivery was recorded or last redelivered.' })
  attempts!: number;

  @Field(() => Int, { nullable: true, description: 'Null if the last attempt got no answer.' })
  lastStatusCode!: number | null;

  @Field(() => String, { nullable: true })
  lastError!: string | null;

  @Field(() => DateTime, { nullable: true })
  nextAttemptAt!: Date | null;

  @Field(() => GraphQLJSONObject, { description: 'The body that is sent: type, timestamp, and data.' })
  payload?: object;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true })
  finishedAt!: Date | null;
}

export const WebhookDeliveryConnection = connectionType(WebhookDelivery);
export const WebhookDeliveryOrder = orderInput('WebhookDelivery', DELIVERY_ORDERS);

@InputType()
export class CreateWebhookInput {
  @Field(() => String, {
    description: 'https, with an address on the public internet, unless the operator allows others.',
  })
  url!: string;

  @Field(() => [WebhookEvent])
  events!: (keyof typeof WebhookEvent)[];

  @Field(() => String, { nullable: true, description: 'A label for people.' })
  description?: string | null;
}

@InputType({ description: 'Omitted fields keep their values.' })
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
