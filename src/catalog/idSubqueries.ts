/** The rows that a tenant's codes stand for, within a condition: no look-up of its own. An unknown code matches nothing. */
import type { SQL } from 'drizzle-orm';
import { eq, sql } from 'drizzle-orm';
import { defects, products } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

export function productIdSubquery({ rows }: TenantScope, partNumber: string): SQL {
  return sql`(select ${products.id} from ${products} where ${rows(products, eq(products.partNumber, partNumber))})`;
}

export function defectIdSubquery({ rows }: TenantScope, code: string): SQL {
  return sql`(select ${defects.id} from ${defects} where ${rows(defects, eq(defects.code, code))})`;
}
