/** Look-ups by id: of anything that has one, and of single types that a webhook or a field names. */
import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { Node } from '../schema/node.js';
import { Sample } from '../schema/sample.js';
import { WebhookDelivery } from '../schema/webhook.js';
import type { StoredType } from '../storage/nodeTypes.js';
import { typeOfId } from '../storage/nodeTypes.js';
import type { SampleRow, WebhookDeliveryRow } from '../storage/tables.js';
import type { Role } from '../tenants/identity.js';
import { mayActAs } from '../tenants/identity.js';
import type { Context } from './context.js';
import { modelById } from './models.js';
import { RequiresRole } from './requiresRole.js';
import { signedUpload } from './uploads.js';

@Resolver()
export class NodeResolver {
  @Query(() => Node, {
    nullable: true,
    description: 'Null for an id that is not known, and for what the role of the caller may not query.',
  })
  async node(@Arg('id', () => ID) id: string, @Ctx() context: Context): Promise<object | null> {
    if (id.includes('@')) return await findNode('Model', id, context);
    const type = await typeOfId(context.scope, id);
    if (type === undefined || !mayActAs(context.identity, ROLES[type] ?? 'VIEWER')) return null;
    return await findNode(type, id, context);
  }

  @Query(() => Sample, { nullable: true })
  async sample(@Arg('id', () => ID) id: string, @Ctx() { samples }: Context): Promise<SampleRow | null> {
    const [row] = await samples.byId([id]);
    return row ?? null;
  }

  @RequiresRole('ADMIN')
  @Query(() => WebhookDelivery, { nullable: true, description: 'By the webhook-id of its requests.' })
  async webhookDelivery(
    @Arg('id', () => ID) id: string,
    @Ctx() { deliveries }: Context,
  ): Promise<WebhookDeliveryRow | null> {
    return (await deliveries.byId(id)) ?? null;
  }
}

/** The operator's models have no row. */
export type NodeType = StoredType | 'Model';

/** The roles of the fields that return these types. */
const ROLES: Partial<Record<StoredType, Role>> = {
  ApiKey: 'ADMIN',
  Upload: 'OPERATOR',
  Webhook: 'ADMIN',
  WebhookDelivery: 'ADMIN',
};

const FINDERS: Record<NodeType, (id: string, context: Context) => Promise<object | undefined>> = {
  ApiKey: (id, { apiKeys }) => apiKeys.byId(id),
  DataSet: (id, { loaders }) => loaders.dataSet.load(id),
  Defect: (id, { loaders }) => loaders.defect.load(id),
  Export: (id, { loaders }) => loaders.export.load(id),
  Generation: (id, { loaders }) => loaders.generation.load(id),
  Model: modelById,
  Product: (id, { loaders }) => loaders.product.load(id),
  Reference: (id, { loaders }) => loaders.reference.load(id),
  RegionMask: (id, { loaders }) => loaders.mask.load(id),
  Sample: (id, { loaders }) => loaders.sample.load(id),
  Training: (id, { loaders }) => loaders.training.load(id),
  Upload: async (id, context) => {
    const row = await context.uploads.byId(id);
    return row && signedUpload(row, context);
  },
  Webhook: (id, { webhooks }) => webhooks.byId(id),
  WebhookDelivery: (id, { deliveries }) => deliveries.byId(id),
};

/** Null for an id of another type. */
export async function findNode(type: NodeType, id: string, context: Context): Promise<object | null> {
  const found = await FINDERS[type](id, context);
  return found === undefined ? null : { ...found, __typename: type };
}
