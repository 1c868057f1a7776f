/** A tenant's API keys, managed by its admins. */
import { and, eq, gt, inArray, isNull, ne, or } from '../storage/drizzle.js';
import { ServiceError, badInput, quote } from '../errors.js';
import { notify } from '../storage/database.js';
import { isId } from '../storage/identifiers.js';
import { boundedCount, keyset } from '../storage/keyset.js';
import type { ListOrders, Page, PageRequest } from '../storage/pagination.js';
import { page } from '../storage/pagination.js';
import type { ApiKeyRow } from '../storage/tables.js';
import { apiKeys, tenants } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { requireText } from '../validateText.js';
import type { Role } from './identity.js';
import type { KeyHasher } from './keyHash.js';
import { generateApiKey } from './keyHash.js';
import { addKey } from './provisioning.js';
import { ACCESS_CHANNEL } from './credentialStatus.js';

/** Ids rise with time. */
export const API_KEY_ORDERS: ListOrders<ApiKeyRow, 'CREATED_AT'> = {
  default: { field: 'CREATED_AT', direction: 'DESC' },
  fields: { CREATED_AT: [{ column: apiKeys.id, kind: 'id', of: ({ id }) => id }] },
};

export interface CreateKeyInput {
  readonly name: string;
  readonly role: Role;
  readonly expiresAt?: Date | null;
}

export interface CreatedKey {
  readonly apiKey: ApiKeyRow;
  /** The key itself. It cannot be shown again. */
  readonly secret: string;
}

export interface ApiKeys {
  create(input: CreateKeyInput): Promise<CreatedKey>;
  byId(id: string): Promise<ApiKeyRow | undefined>;
  page(request: PageRequest): Promise<Page<ApiKeyRow>>;
  /** Null for more than can be counted at once. */
  count(): Promise<number | null>;
  /**
   * Throws NOT_FOUND, and LAST_ADMIN_KEY for the last valid key that can create others. Revoking a revoked key changes
   * nothing.
   * @param evenLast for callers that do not depend on the key: those with a token, and the command line
   */
  revoke(id: string, evenLast: boolean): Promise<ApiKeyRow>;
}

export function apiKeysOf(scope: TenantScope, hasher: KeyHasher): ApiKeys {
  const { database, rows } = scope;
  return {
    async create({ name, role, expiresAt = null }) {
      requireText(name, 'input.name');
      if (expiresAt !== null && expiresAt <= new Date()) {
        throw badInput('input.expiresAt', `${expiresAt.toISOString()} is not in the future`);
      }
      if (expiresAt !== null && expiresAt.getUTCFullYear() > 9999) {
        throw badInput('input.expiresAt', `the year ${String(expiresAt.getUTCFullYear())} is above 9999`);
      }
      const secret = generateApiKey();
      const details = { name, role, expiresAt };
      return { apiKey: await addKey(database, scope.tenantId, secret, 'CREATED', hasher, details), secret };
    },

    byId: (id) => find(scope, id),

    async page(request) {
      const { within, orderBy } = keyset(API_KEY_ORDERS, request);
      const found = await database
        .select()
        .from(apiKeys)
        .where(rows(apiKeys, within))
        .orderBy(...orderBy)
        .limit(request.size + 1);
      return page(found, request);
    },

    count: () => boundedCount(database, apiKeys, rows(apiKeys)),

    revoke: (id, evenLast) =>
      scope.transaction(async (tx) => {
        // Serializes revocations; otherwise, two admins could revoke each other's key, each as the last but one.
        await tx.database.select().from(tenants).where(eq(tenants.id, tx.tenantId)).for('update');
        const key = await require(tx, id);
        if (key.revokedAt !== null) return key;
        if (key.origin === 'CONFIGURED') throw configuredKeyError(id);
        if (!evenLast && key.role === 'ADMIN') await requireAnotherAdmin(tx, key.id);
        const set = { revokedAt: new Date() };
        const revoked = await tx.database
          .update(apiKeys)
          .set(set)
          .where(tx.rows(apiKeys, eq(apiKeys.id, id)))
          .returning();
        await notify(tx.database, ACCESS_CHANNEL, tx.tenantId);
        return revoked.at(0) ?? key;
      }),
  };
}

async function find({ database, rows }: TenantScope, id: string): Promise<ApiKeyRow | undefined> {
  const ids = isId(id) ? [id] : [];
  const [row] = await database
    .select()
    .from(apiKeys)
    .where(rows(apiKeys, inArray(apiKeys.id, ids)));
  return row;
}

async function require(scope: TenantScope, id: string): Promise<ApiKeyRow> {
  const row = await find(scope, id);
  if (row !== undefined) return row;
  throw new ServiceError('NOT_FOUND', `id: there is no API key ${quote(id)}`, { field: 'id' });
}

async function requireAnotherAdmin({ database, rows }: TenantScope, id: string): Promise<void> {
  const lives = and(isNull(apiKeys.revokedAt), or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, new Date())));
  const [other] = await database
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(rows(apiKeys, eq(apiKeys.role, 'ADMIN'), ne(apiKeys.id, id), lives))
    .limit(1);
  if (other !== undefined) return;
  throw new ServiceError(
    'LAST_ADMIN_KEY',
    'id: this is the last valid key with the role ADMIN; create another one first, because otherwise no one could manage keys',
    { field: 'id' },
  );
}

/** It would return at the next start. */
function configuredKeyError(id: string): ServiceError {
  return badInput('id', `${quote(id)} is the key that DEFECTDIFFU_API_KEY sets; change it there and restart`);
}
