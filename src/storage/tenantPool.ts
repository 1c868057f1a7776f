/**
 * A pool for one tenant. Before a connection is used, its tenant is set, which row-level security (migration 8)
 * enforces for every statement. A connection remembers its tenant, so setting it costs a round trip only when the
 * tenant changes.
 */
import type pg from 'pg';
import { TENANT_SETTING } from './rowLevelSecurity.js';

const currentTenant = new WeakMap<pg.PoolClient, string>();

/** drizzle recognizes a pool by "Pool" in its class name, and then uses one connection per transaction. */
export class TenantPool {
  readonly #pool: pg.Pool;
  readonly #tenant: string;

  constructor(pool: pg.Pool, tenant: string) {
    this.#pool = pool;
    this.#tenant = tenant;
  }

  async connect(): Promise<pg.PoolClient> {
    const client = await this.#pool.connect();
    if (currentTenant.get(client) === this.#tenant) return client;
    try {
      await client.query('select set_config($1, $2, false)', [TENANT_SETTING, this.#tenant]);
      currentTenant.set(client, this.#tenant);
      return client;
    } catch (error) {
      client.release(error as Error);
      throw error;
    }
  }

  async query(query: pg.QueryConfig, values?: unknown[]): Promise<pg.QueryResult> {
    const client = await this.connect();
    try {
      return await client.query(query, values);
    } finally {
      client.release();
    }
  }
}
