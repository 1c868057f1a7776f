/** Which of a tenant's tables has a row with an id: one statement over all of them. */
import type { SQL } from 'drizzle-orm';
import { eq, sql } from 'drizzle-orm';
import { isId } from './identifiers.js';
import {
  apiKeys,
  defects,
  exports,
  generations,
  products,
  references,
  regionMasks,
  samples,
  uploads,
  webhookDeliveries,
  webhooks,
} from './tables.js';
import type { TenantScope } from './tenantScope.js';

/** By the name of the type in the API. */
const TABLES = {
  ApiKey: apiKeys,
  Defect: defects,
  Export: exports,
  Generation: generations,
  Product: products,
  Reference: references,
  RegionMask: regionMasks,
  Sample: samples,
  Upload: uploads,
  Webhook: webhooks,
  WebhookDelivery: webhookDeliveries,
} as const;

export type StoredType = keyof typeof TABLES;
export const STORED_TYPES = Object.keys(TABLES) as StoredType[];

export async function typeOfId({ database, rows }: TenantScope, id: string): Promise<StoredType | undefined> {
  if (!isId(id)) return undefined;
  const looks: SQL[] = Object.entries(TABLES).map(
    ([type, table]) => sql`select ${type}::text as type from ${table} where ${rows(table, eq(table.id, id))}`,
  );
  const { rows: found } = await database.execute<{ type: StoredType }>(sql.join(looks, sql` union all `));
  return found[0]?.type;
}
