/** A tenant's own names for the words that models read. Imports of products and defects look them up. */
import { eq, inArray, sql } from '../storage/drizzle.js';
import { ServiceError, quote } from '../errors.js';
import { boundedCount, keyset } from '../storage/keyset.js';
import type { ListOrders, Page, PageRequest } from '../storage/pagination.js';
import { page } from '../storage/pagination.js';
import type { AliasRow } from '../storage/tables.js';
import { aliases } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { CatalogKind } from './promptNames.js';
import { normalizeName } from './normalizeName.js';

export const ALIAS_ORDERS: ListOrders<AliasRow, 'ALIAS'> = {
  default: { field: 'ALIAS', direction: 'ASC' },
  fields: {
    ALIAS: [
      { column: aliases.kind, kind: 'string', of: ({ kind }) => kind },
      { column: aliases.key, kind: 'string', of: ({ key }) => key },
    ],
  },
};

export interface AliasConditions {
  readonly scheme?: string | undefined;
  readonly externalCode?: string | undefined;
}

export interface Aliases {
  page(request: PageRequest, conditions: AliasConditions): Promise<Page<AliasRow>>;
  /** Null for more than can be counted at once. */
  count(conditions: AliasConditions): Promise<number | null>;
  withKeys(kind: CatalogKind, keys: readonly string[]): Promise<readonly AliasRow[]>;
  write(rows: readonly Omit<AliasRow, 'tenantId'>[]): Promise<void>;
  /** Returns the removed alias. Throws NOT_FOUND. */
  remove(kind: CatalogKind, alias: string): Promise<AliasRow>;
}

export function aliasesOf({ database, rows, own }: TenantScope): Aliases {
  const select = () => database.select().from(aliases);
  return {
    async page(request, conditions) {
      const { within, orderBy } = keyset(ALIAS_ORDERS, request);
      const found = await select()
        .where(rows(aliases, within, ...matching(conditions)))
        .orderBy(...orderBy)
        .limit(request.size + 1);
      return page(found, request);
    },

    count: (conditions) => boundedCount(database, aliases, rows(aliases, ...matching(conditions))),

    withKeys: async (kind, keys) =>
      keys.length === 0 ? [] : select().where(rows(aliases, eq(aliases.kind, kind), inArray(aliases.key, [...keys]))),

    async write(given) {
      if (given.length === 0) return;
      const { alias, promptName, scheme, externalCode, updatedAt } = aliases;
      const set = Object.fromEntries(
        Object.entries({ alias, promptName, scheme, externalCode, updatedAt }).map(([field, { name }]) => [
          field,
          sql.raw(`excluded.${name}`),
        ]),
      );
      await database
        .insert(aliases)
        .values(given.map((row) => own(row)))
        .onConflictDoUpdate({ target: [aliases.tenantId, aliases.kind, aliases.key], set });
    },

    async remove(kind, alias) {
      const condition = rows(aliases, eq(aliases.kind, kind), eq(aliases.key, normalizeName(alias)));
      const [removed] = await database.delete(aliases).where(condition).returning();
      if (removed !== undefined) return removed;
      throw new ServiceError('NOT_FOUND', `alias: there is no alias ${quote(alias)} of kind ${kind}`, {
        field: 'alias',
      });
    },
  };
}

function matching({ scheme, externalCode }: AliasConditions) {
  return [
    scheme === undefined ? undefined : eq(aliases.scheme, scheme),
    externalCode === undefined ? undefined : eq(aliases.externalCode, externalCode),
  ];
}
