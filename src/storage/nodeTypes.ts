/** Which of a tenant's tables has rows with given ids: one statement over all of them. */
import type { SQL } from 'drizzle-orm';
import { inArray, sql } from './drizzle.js';
import { isId } from './identifiers.js';
import {
  apiKeys,
  dataSets,
  defects,
  exports,
  generations,
  products,
  references,
  regionMasks,
  samples,
  trainings,
  uploads,
  webhookDeliveries,
  webhooks,
} from './tables.js';
import type { TenantScope } from './tenantScope.js';

/** By the name of the type in the API. */
const TABLES = {
  ApiKey: apiKeys,
  DataSet: dataSets,
  Defect: defects,
  Export: exports,
  Generation: generations,
  Product: products,
  Reference: references,
  RegionMask: regionMasks,
  Sample: samples,
  Training: trainings,
  Upload: uploads,
  Webhook: webhooks,
  WebhookDelivery: webhookDeliveries,
} as const;

export type StoredType = keyof typeof TABLES;
export const STORED_TYPES = Object.keys(TABLES) as StoredType[];

export async function typeOfId(scope: TenantScope, id: string): Promise<StoredType | undefined> {
  return (await typesOfIds(scope, [id])).get(id);
}

/** Ids in lower case. */
export async function typesOfIds(
  { database, rows }: TenantScope,
  ids: readonly string[],
): Promise<ReadonlyMap<string, StoredType>> {
  const known = ids.filter(isId);
  if (known.length === 0) return new Map();
  const looks: SQL[] = Object.entries(TABLES).map(
    ([type, table]) =>
      sql`select ${type}::text as type, ${table.id}::text as id from ${table} where ${rows(table, inArray(table.id, known))}`,
  );
  const { rows: found } = await database.execute<{ type: StoredType; id: string }>(sql.join(looks, sql` union all `));
  return new Map(found.map(({ type, id }) => [id, type]));
}
