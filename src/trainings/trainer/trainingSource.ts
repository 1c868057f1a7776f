/** What a model was trained on, for its licence and its sources. */
import { eq } from '../../storage/drizzle.js';
import { dataSets } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import { membersOf } from '../dataSetMembers.js';
import type { TrainingSource } from './trainingRequest.js';

/** Undefined if the data set was deleted: it has no members then. */
export async function sourceOf(scope: TenantScope, dataSetId: string): Promise<TrainingSource | undefined> {
  const { database, rows } = scope;
  const [row] = await database
    .select({ name: dataSets.name, version: dataSets.version, deletedAt: dataSets.deletedAt })
    .from(dataSets)
    .where(rows(dataSets, eq(dataSets.id, dataSetId)));
  if (row === undefined || row.deletedAt !== null) return undefined;
  const products = new Set<string>();
  for await (const { product } of membersOf(scope, dataSetId)) products.add(product);
  const dataSet = `data set ${row.name}, version ${String(row.version)}`;
  return { dataSet, products: [...products].sort() };
}
