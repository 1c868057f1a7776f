import { readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import { getTableConfig } from 'drizzle-orm/pg-core';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { createSchema } from '../src/resolvers/schema.js';
import { openStorage } from '../src/storage/open.js';
import * as tables from '../src/storage/tables.js';
import { databaseOf } from './support/database.js';
import { newDataDirectory } from './support/server.js';

/** Tables that belong to no tenant. */
const OF_ALL = ['tenant', 'worker', 'trainer', 'shared_secret', 'mqtt_publisher'];

test('schema.graphql is current (npm run schema)', () => {
  expect(readFileSync('schema.graphql', 'utf8')).toBe(`${printSchema(lexicographicSortSchema(createSchema()))}\n`);
});

test('the tables that queries are written against are those that the migrations make, and each has a tenant', async () => {
  const storage = await openStorage(await databaseOf(newDataDirectory()));
  const { rows } = await storage.database.execute<{ name: string }>(
    sql`select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable as name
        from information_schema.columns where table_schema = 'public' and table_name <> 'schema_migration'`,
  );
  await storage.close();
  const long: Record<string, string> = { timestamptz: 'timestamp with time zone' };
  const all = Object.values(tables).filter((value) => typeof value === 'object') as PgTable[];
  const declared = all.flatMap((table) => {
    const { name, columns } = getTableConfig(table);
    return columns.map((column) => {
      const type = column.getSQLType();
      return `${name}.${column.name} ${long[type] ?? type} ${column.notNull ? 'NO' : 'YES'}`;
    });
  });
  expect(declared.sort()).toEqual(rows.map((row) => row.name).sort());
  for (const table of all) {
    const { name, columns } = getTableConfig(table);
    const owned = columns.some((column) => column.name === 'tenant_id');
    expect([name, owned]).toEqual([name, !OF_ALL.includes(name)]);
  }
});

test('what names a sample or a file is found by an index when the sample or the file is deleted', async () => {
  const storage = await openStorage(await databaseOf(newDataDirectory()));
  const { rows } = await storage.database.execute<{ name: string; indexed: boolean }>(sql`
    select conrelid::regclass || ' ' || conkey::text as name, exists (
      select from pg_index where indrelid = conrelid and (indkey::int2[])[0:1] = conkey
    ) as indexed
    from pg_constraint where contype = 'f' and confrelid in ('sample'::regclass, 'artifact'::regclass)
  `);
  await storage.close();
  expect(rows.length).toBeGreaterThan(9);
  expect(rows.filter(({ indexed }) => !indexed)).toEqual([]);
});
