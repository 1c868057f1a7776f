/** A tenant's exports: look-ups and lists. */
import { desc, eq, inArray, lt } from '../storage/drizzle.js';
import { isId } from '../storage/identifiers.js';
import type { Page, PageRequest } from '../storage/pagination.js';
import { page } from '../storage/pagination.js';
import type { ExportRow } from '../storage/tables.js';
import { exports } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

export interface Exports {
  byId(id: string): Promise<ExportRow | undefined>;
  byIds(ids: readonly string[]): Promise<readonly ExportRow[]>;
  /** Newest first. */
  page(request: PageRequest): Promise<Page<ExportRow>>;
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
      const [last] = request.after ?? [];
      const found = await select()
        .where(rows(exports, last === undefined ? undefined : lt(exports.id, String(last))))
        .orderBy(desc(exports.id))
        .limit(request.first + 1);
      return page(found, request);
    },
  };
}
