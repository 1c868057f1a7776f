/** A tenant's own names for the words that models read. Imports of products and defects look them up. */
import { and, asc, eq, gt, inArray, or, sql } from '../storage/drizzle.js';
import { ServiceError, quote } from '../errors.js';
import type { Page, PageRequest } from '../storage/pagination.js';
import { page } from '../storage/pagination.js';
import type { AliasRow } from '../storage/tables.js';
import { aliases } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { CatalogKind } from './promptNames.js';
import { normalizeName } from './normalizeName.js';

export interface AliasConditions {
  readonly scheme?: string | undefined;
  readonly externalCode?: string | undefined;
}

export interface Aliases {
  /** Sorted by kind, then by key. */
  page(request: PageRequest, conditions?: AliasConditions): Promise<Page<AliasRow>>;
  withKeys(kind: CatalogKind, keys: readonly string[]): Promise<readonly AliasRow[]>;
  write(rows: readonly Omit<AliasRow, 'tenantId'>[]): Promise<void>;
  /** Returns the removed alias. Throws NOT_FOUND. */
  remove(kind: CatalogKind, alias: string): Promise<AliasRow>;
}

export function aliasesOf({ database, rows, own }: TenantScope): Aliases {
  const select = () => database.select().from(aliases);
  return {
    async page(request, { scheme, externalCode } = {}) {
      const [kind, key] = (request.after ?? []) as readonly string[];
      const beyond =
        kind === undefined
          ? undefined
          : or(
              gt(aliases.kind, kind as CatalogKind),
              and(eq(aliases.kind, kind as CatalogKind), gt(aliases.key, key ?? '')),
            );
      const found = await select()
        .where(
          rows(
            aliases,
            beyond,
            scheme === undefined ? undefined : eq(aliases.scheme, scheme),
            externalCode === undefined ? undefined : eq(aliases.externalCode, externalCode),
          ),
        )
        .orderBy(asc(aliases.kind), asc(aliases.key))
        .limit(request.first + 1);
      return page(found, request);
    },

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
