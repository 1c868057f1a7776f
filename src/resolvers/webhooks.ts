import { Arg, Args, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import type { Connection, OrderBy } from '../schema/connection.js';
import { PageArgs, connection } from '../schema/connection.js';
import {
  CreateWebhookInput,
  UpdateWebhookInput,
  Webhook,
  WebhookConnection,
  WebhookDelivery,
  WebhookDeliveryConnection,
  WebhookDeliveryOrder,
  WebhookOrder,
  WebhookWithSecret,
} from '../schema/webhook.js';
import { pageRequest } from '../storage/pagination.js';
import type { WebhookDeliveryRow, WebhookRow } from '../storage/tables.js';
import { DELIVERY_ORDERS } from '../webhooks/deliveryRepository.js';
import type { WebhookAndSecret } from '../webhooks/webhookRepository.js';
import { WEBHOOK_ORDERS } from '../webhooks/webhookRepository.js';
import type { Context } from './context.js';
import { RequiresRole } from './requiresRole.js';

const PREVIOUS_SECRET_SECONDS = 86_400;

@Resolver(() => Webhook)
export class WebhookResolver {
  @RequiresRole('ADMIN')
  @Query(() => WebhookConnection, { description: 'The newest first, unless orderBy says otherwise.' })
  async webhooks(
    @Args(() => PageArgs) args: PageArgs,
    @Arg('orderBy', () => WebhookOrder, { nullable: true }) orderBy: OrderBy<'CREATED_AT'> | null,
    @Ctx() { webhooks, loaders }: Context,
  ): Promise<Connection<WebhookRow>> {
    const request = pageRequest(args, WEBHOOK_ORDERS, orderBy);
    return connection(await webhooks.page(request), request, WEBHOOK_ORDERS, () => loaders.inTurn(webhooks.count));
  }

  @RequiresRole('ADMIN')
  @Query(() => Webhook, { nullable: true })
  async webhook(@Arg('id', () => ID) id: string, @Ctx() { webhooks }: Context): Promise<WebhookRow | null> {
    return (await webhooks.byId(id)) ?? null;
  }

  @RequiresRole('ADMIN')
  @Mutation(() => WebhookWithSecret)
  createWebhook(
    @Arg('input', () => CreateWebhookInput) input: CreateWebhookInput,
    @Ctx() { webhooks }: Context,
  ): Promise<WebhookAndSecret> {
    return webhooks.create(input);
  }

  @RequiresRole('ADMIN')
  @Mutation(() => Webhook)
  updateWebhook(
    @Arg('id', () => ID) id: string,
    @Arg('input', () => UpdateWebhookInput) input: UpdateWebhookInput,
    @Ctx() { webhooks }: Context,
  ): Promise<WebhookRow> {
    return webhooks.update(id, input);
  }

  @RequiresRole('ADMIN')
  @Mutation(() => WebhookWithSecret, {
    description: 'Creates a new secret. The previous secret signs beside it for `keepPreviousSeconds`.',
  })
  rotateWebhookSecret(
    @Arg('id', () => ID) id: string,
    @Arg('keepPreviousSeconds', () => Int, {
      defaultValue: PREVIOUS_SECRET_SECONDS,
      description: '0 … 604800. Use 0 if the secret has leaked.',
    })
    keepPreviousSeconds: number,
    @Ctx() { webhooks }: Context,
  ): Promise<WebhookAndSecret> {
    return webhooks.rotate(id, keepPreviousSeconds);
  }

  @RequiresRole('ADMIN')
  @Mutation(() => Webhook, {
    description: 'Also deletes its deliveries, including pending ones. To keep them, disable the webhook instead.',
  })
  deleteWebhook(@Arg('id', () => ID) id: string, @Ctx() { webhooks }: Context): Promise<WebhookRow> {
    return webhooks.delete(id);
  }

  @FieldResolver(() => WebhookDeliveryConnection, { description: 'The newest first, unless orderBy says otherwise.' })
  async deliveries(
    @Root() { id }: WebhookRow,
    @Args(() => PageArgs) args: PageArgs,
    @Arg('orderBy', () => WebhookDeliveryOrder, { nullable: true }) orderBy: OrderBy<'CREATED_AT'> | null,
    @Ctx() { loaders, deliveries }: Context,
  ): Promise<Connection<WebhookDeliveryRow>> {
    const request = pageRequest(args, DELIVERY_ORDERS, orderBy);
    const found = await loaders.deliveriesUnder.load({ id, request });
    return connection(found, request, DELIVERY_ORDERS, () => loaders.inTurn(() => deliveries.countOfWebhook(id)));
  }
}

@Resolver(() => WebhookDelivery)
export class WebhookDeliveryResolver {
  @RequiresRole('ADMIN')
  @Mutation(() => WebhookDelivery, {
    description: 'Sends a delivery again at once under the same id, whatever its status.',
  })
  redeliver(
    @Arg('deliveryId', () => ID) deliveryId: string,
    @Ctx() { deliveries }: Context,
  ): Promise<WebhookDeliveryRow> {
    return deliveries.redeliver(deliveryId);
  }

  @FieldResolver(() => GraphQLJSONObject)
  payload(@Root() { body }: WebhookDeliveryRow): object {
    return JSON.parse(body) as object;
  }
}
