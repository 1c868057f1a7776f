/** The tenants of the whole service, as its operator manages them. No caller of the API can. */
import { asc, eq } from '../storage/drizzle.js';
import { ServiceError, badInput, quote } from '../errors.js';
import type { Database } from '../storage/database.js';
import { notify } from '../storage/database.js';
import { newId } from '../storage/identifiers.js';
import type { TenantRow } from '../storage/tables.js';
import { tenants } from '../storage/tables.js';
import { requireText } from '../validateText.js';
import { ACCESS_CHANNEL } from './credentialStatus.js';

export interface TenantAdmin {
  all(): Promise<readonly TenantRow[]>;
  /** Throws NOT_FOUND. */
  require(name: string): Promise<TenantRow>;
  create(name: string): Promise<TenantRow>;
  /**
   * Rejects new connections of the tenant and ends existing ones. Generations that it requested finish and are kept.
   */
  disable(name: string): Promise<void>;
  enable(name: string): Promise<void>;
}

export function createTenantAdmin(database: Database): TenantAdmin {
  async function require(name: string): Promise<TenantRow> {
    const [row] = await database
      .select()
      .from(tenants)
      .where(eq(tenants.name, requireText(name, 'name')));
    if (row !== undefined) return row;
    throw new ServiceError('NOT_FOUND', `name: there is no tenant ${quote(name)}`, { field: 'name' });
  }

  async function set(name: string, disabledAt: Date | null): Promise<void> {
    const { id } = await require(name);
    await database.transaction(async (tx) => {
      await tx.update(tenants).set({ disabledAt }).where(eq(tenants.id, id));
      await notify(tx, ACCESS_CHANNEL, id);
    });
  }

  return {
    all: async () => database.select().from(tenants).orderBy(asc(tenants.name)),
    require,
    async create(name) {
      const row = { id: newId(), name: requireText(name, 'name'), createdAt: new Date() };
      const [made] = await database.insert(tenants).values(row).onConflictDoNothing().returning();
      if (made === undefined) throw badInput('name', `there is a tenant ${quote(name)} already`);
      return made;
    },
    disable: (name) => set(name, new Date()),
    enable: (name) => set(name, null),
  };
}
