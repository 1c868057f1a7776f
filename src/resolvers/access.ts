import { Arg, Args, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { ApiKey, ApiKeyConnection, Caller, CreateApiKeyInput, CreateApiKeyPayload } from '../schema/access.js';
import type { Connection } from '../schema/connection.js';
import { PageArgs, connection } from '../schema/connection.js';
import { pageRequest } from '../storage/pagination.js';
import type { ApiKeyRow } from '../storage/tables.js';
import type { CreatedKey } from '../tenants/apiKeys.js';
import type { Context } from './context.js';
import { RequiresRole } from './requiresRole.js';

@Resolver()
export class AccessResolver {
  @Query(() => Caller)
  caller(@Ctx() { identity }: Context): Caller {
    return { ...identity, tenant: identity.tenantName };
  }

  @RequiresRole('ADMIN')
  @Query(() => ApiKeyConnection, { description: 'The newest first, including revoked keys.' })
  async apiKeys(@Args(() => PageArgs) args: PageArgs, @Ctx() { apiKeys }: Context): Promise<Connection<ApiKeyRow>> {
    const request = pageRequest(args, ['id']);
    return connection(await apiKeys.page(request), request, (row) => [row.id]);
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
