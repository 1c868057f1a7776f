/** A tenant's exports: look-ups and lists. */
import { eq, inArray } from '../storage/drizzle.js';
import { isId } from '../storage/identifiers.js';
import { boundedCount, keyset } from '../storage/keyset.js';
import type { ListOrders, Page, PageRequest } from '../storage/pagination.js';
import { page } from '../storage/pagination.js';
import type { ExportRow } from '../storage/tables.js';
import { exports } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

/** Ids rise with time. */
export const EXPORT_ORDERS: ListOrders<ExportRow, 'CREATED_AT'> = {
  default: { field: 'CREATED_AT', direction: 'DESC' },
  fields: { CREATED_AT: [{ column: exports.id, kind: 'id', of: ({ id }) => id }] },
};

export interface Exports {
  byId(id: string): Promise<ExportRow | undefined>;
  byIds(ids: readonly string[]): Promise<readonly ExportRow[]>;
  page(request: PageRequest): Promise<Page<ExportRow>>;
  /** Null for more than can be counted at once. */
  count(): Promise<number | null>;
}

export function exportsOf({ database, rows }: TenantScope): Exports {
  const select = () => database.select().from(exports);
  return {
    async byId(id) {
      if (!isId(id)) return undefined;
      const [row] = await select().where(rows(exports, eq(exports.id, id)));
      return row;
    },
    byIds: (ids) => select().where(rows(exports, inArray(exports.id, [...ids]))),
    async page(request) {
      const { within, orderBy } = keyset(EXPORT_ORDERS, request);
      const found = await select()
        .where(rows(exports, within))
        .orderBy(...orderBy)
        .limit(request.size + 1);
      return page(found, request);
    },
    count: () => boundedCount(database, exports, rows(exports)),
  };
}
