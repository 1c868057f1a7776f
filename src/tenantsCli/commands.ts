/** Runs a command on a storage and returns the lines to print. */
import { inArray } from '../storage/drizzle.js';
import type { TenantLimits } from '../config.js';
import { ServiceError, quote } from '../errors.js';
import type { Storage } from '../storage/database.js';
import { isId } from '../storage/identifiers.js';
import { PAGE_SIZE, cursorOf, pageRequest } from '../storage/pagination.js';
import type { ApiKeyRow } from '../storage/tables.js';
import { apiKeys } from '../storage/tables.js';
import { forTenant } from '../storage/tenantScope.js';
import type { KeyHasher } from '../tenants/keyHash.js';
import type { CreateKeyInput, ApiKeys } from '../tenants/apiKeys.js';
import { API_KEY_ORDERS, apiKeysOf } from '../tenants/apiKeys.js';
import { createTenantAdmin } from '../tenants/tenantAdmin.js';
import type { Command } from './options.js';
import { applyQuota } from './applyQuota.js';

export async function runCommand(
  command: Command,
  { database }: Storage,
  hasher: KeyHasher,
  configured: TenantLimits,
): Promise<readonly string[]> {
  const tenants = createTenantAdmin(database);
  const keysOf = (tenantId: string): ApiKeys => apiKeysOf(forTenant(database, tenantId), hasher);
  const keyOf = async (tenantId: string, input: CreateKeyInput): Promise<string> =>
    `API key, shown this once: ${(await keysOf(tenantId).create(input)).secret}`;

  switch (command.do) {
    case 'list':
      return (await tenants.all()).map(({ id, name, disabledAt }) =>
        columns(id, name, disabledAt === null ? '' : `disabled ${disabledAt.toISOString()}`),
      );
    case 'create': {
      const { id } = await tenants.create(command.tenant);
      const made = `Created the tenant ${quote(command.tenant)}, ${id}.`;
      return command.adminKey ? [made, await keyOf(id, { name: 'first admin key', role: 'ADMIN' })] : [made];
    }
    case 'disable':
      await tenants.disable(command.tenant);
      return [`Disabled the tenant ${quote(command.tenant)}.`];
    case 'enable':
      await tenants.enable(command.tenant);
      return [`Enabled the tenant ${quote(command.tenant)}.`];
    case 'list-keys':
      return (await allKeys(keysOf((await tenants.require(command.tenant)).id))).map(lineOf);
    case 'create-key':
      return [await keyOf((await tenants.require(command.tenant)).id, command)];
    case 'quota': {
      const scope = forTenant(database, (await tenants.require(command.tenant)).id);
      return (await applyQuota(scope, command.changes, configured)).map((line) => columns(...line));
    }
    case 'revoke-key': {
      const { id, name } = await keysOf(await ownerOf(command.id)).revoke(command.id, true);
      return [`Revoked ${quote(name)}, ${id}.`];
    }
  }

  async function ownerOf(id: string): Promise<string> {
    const ids = isId(id) ? [id] : [];
    const [row] = await database.select().from(apiKeys).where(inArray(apiKeys.id, ids));
    if (row === undefined)
      throw new ServiceError('NOT_FOUND', `there is no API key ${quote(id)}; list-keys shows the ids`);
    return row.tenantId;
  }
}

async function allKeys(keys: ApiKeys): Promise<ApiKeyRow[]> {
  const found: ApiKeyRow[] = [];
  for (;;) {
    const last = found.at(-1);
    const after = last === undefined ? undefined : cursorOf(last, API_KEY_ORDERS, 'CREATED_AT');
    const { rows, hasNextPage } = await keys.page(pageRequest({ first: PAGE_SIZE.max, after }, API_KEY_ORDERS));
    found.push(...rows);
    if (!hasNextPage) return found;
  }
}

function lineOf({ id, prefix, role, name, revokedAt, expiresAt, lastUsedAt }: ApiKeyRow): string {
  const end =
    revokedAt !== null
      ? `revoked ${revokedAt.toISOString()}`
      : expiresAt !== null
        ? `expires ${expiresAt.toISOString()}`
        : '';
  const use = lastUsedAt === null ? 'not used yet' : `used ${lastUsedAt.toISOString()}`;
  return columns(id, `${prefix ?? '?'}…`, role, name, use, end);
}

function columns(...texts: readonly string[]): string {
  return texts.join('\t').trimEnd();
}
