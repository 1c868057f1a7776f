/** Subqueries for the ids of a tenant's codes, for use in a condition. They match nothing for an unknown code. */
import type { SQL } from 'drizzle-orm';
import { eq, sql } from '../storage/drizzle.js';
import { defects, products } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

export function productIdSubquery({ rows }: TenantScope, partNumber: string): SQL {
  return sql`(select ${products.id} from ${products} where ${rows(products, eq(products.partNumber, partNumber))})`;
}

export function defectIdSubquery({ rows }: TenantScope, code: string): SQL {
  return sql`(select ${defects.id} from ${defects} where ${rows(defects, eq(defects.code, code))})`;
}
