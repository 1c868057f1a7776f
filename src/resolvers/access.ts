import { Arg, Args, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import {
  ApiKey,
  ApiKeyConnection,
  ApiKeyOrder,
  Caller,
  CreateApiKeyInput,
  CreateApiKeyPayload,
} from '../schema/access.js';
import type { Connection, OrderBy } from '../schema/connection.js';
import { PageArgs, connection } from '../schema/connection.js';
import { pageRequest } from '../storage/pagination.js';
import type { ApiKeyRow } from '../storage/tables.js';
import type { CreatedKey } from '../tenants/apiKeys.js';
import { API_KEY_ORDERS } from '../tenants/apiKeys.js';
import type { Context } from './context.js';
import { RequiresRole } from './requiresRole.js';

@Resolver()
export class AccessResolver {
  @Query(() => Caller)
  caller(@Ctx() { identity }: Context): Caller {
    return { ...identity, tenant: identity.tenantName };
  }

  @RequiresRole('ADMIN')
  @Query(() => ApiKeyConnection, {
    description: 'Including revoked keys; the newest first, unless orderBy says otherwise.',
  })
  async apiKeys(
    @Args(() => PageArgs) args: PageArgs,
    @Arg('orderBy', () => ApiKeyOrder, { nullable: true }) orderBy: OrderBy<'CREATED_AT'> | null,
    @Ctx() { apiKeys, loaders }: Context,
  ): Promise<Connection<ApiKeyRow>> {
    const request = pageRequest(args, API_KEY_ORDERS, orderBy);
    return connection(await apiKeys.page(request), request, API_KEY_ORDERS, () => loaders.inTurn(apiKeys.count));
  }

  @RequiresRole('ADMIN')
  @Query(() => ApiKey, {
    nullable: true,
    description: 'Also a revoked key. `createdBy` and `subject` name keys as "key:<id>".',
  })
  async apiKey(@Arg('id', () => ID) id: string, @Ctx() { apiKeys }: Context): Promise<ApiKeyRow | null> {
    return (await apiKeys.byId(id)) ?? null;
  }

  @RequiresRole('ADMIN')
  @Mutation(() => CreateApiKeyPayload)
  createApiKey(
    @Arg('input', () => CreateApiKeyInput) input: CreateApiKeyInput,
    @Ctx() { apiKeys }: Context,
  ): Promise<CreatedKey> {
    return apiKeys.create(input);
  }

  @RequiresRole('ADMIN')
  @Mutation(() => ApiKey, {
    description:
      'Takes effect at once: subscriptions and image URLs of the key end too. The last valid key with the role ADMIN cannot be revoked (LAST_ADMIN_KEY), unless the caller has a token.',
  })
  revokeApiKey(@Arg('id', () => ID) id: string, @Ctx() { apiKeys, identity }: Context): Promise<ApiKeyRow> {
    return apiKeys.revoke(id, identity.keyId === undefined);
  }
}
