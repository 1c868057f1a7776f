/** On PGlite, which has no autovacuum. */
import { sql } from 'drizzle-orm';
import type { Storage } from '../src/storage/database.js';
import { openStorage } from '../src/storage/open.js';
import { vacuumGrownTables } from '../src/storage/vacuum.js';
import { ensureTenant } from '../src/tenants/provisioning.js';
import { databaseOf, onPgliteOnly } from './support/database.js';
import { newDataDirectory } from './support/server.js';

let storage: Storage;
beforeAll(async () => {
  storage = await openStorage(await databaseOf(newDataDirectory()));
});
afterAll(() => storage.close());

async function pagesOf(table: string): Promise<number> {
  const { rows } = await storage.database.execute<{ pages: number }>(
    sql`select (pg_relation_size(${table}::regclass) / current_setting('block_size')::int)::int as pages`,
  );
  return Number(rows[0]?.pages);
}

onPgliteOnly(
  'rows that come and go take no more room each time, and a table that is not due is left alone',
  async () => {
    const tenantId = await ensureTenant(storage.database, 'upkeep');
    const pages: number[] = [];
    for (let round = 0; round < 3; round++) {
      await storage.database.execute(sql`
        insert into loose_file select 'a file of a sample ' || n, ${tenantId}, now() from generate_series(1, 5000) n
      `);
      await storage.database.execute(sql`delete from loose_file`);
      const due = await vacuumGrownTables(storage.database);
      if (round === 0) expect(due).toContain('loose_file');
      pages.push(await pagesOf('loose_file'));
    }
    expect(pages[2]).toBe(pages[0]);
    expect(await vacuumGrownTables(storage.database)).toEqual([]);
  },
);
