/**
 * The databases that a bench runs on: PGlite in a folder, and PostgreSQL where ADMIN_URL names a server's superuser. There it
 * makes a role and a database of its own, so that row-level security holds as it does in service, and drops both again.
 */
import { join } from 'node:path';
import { rmSync } from 'node:fs';
import pg from 'pg';
import type * as Open from '../src/storage/open.js';
import type * as Vacuum from '../src/storage/vacuum.js';
import type { Database, Storage } from '../src/storage/database.js';
import { importBuilt } from './importBuilt.ts';
import { newDataDirectory } from './server.ts';

const { vacuumGrownTables } = await importBuilt<typeof Vacuum>('storage/vacuum.js');
const { openStorage } = await importBuilt<typeof Open>('storage/open.js');

const ROLE = 'defectdiffu_bench';

export interface BenchDatabase {
  readonly name: 'PGlite' | 'PostgreSQL';
  readonly dataDirectory: string;
  /** The environment that the service needs in addition to DATA_DIR. */
  readonly env: Record<string, string>;
  /** Told of every statement with its parameters. */
  open(seen?: (statement: string, parameters?: unknown[]) => void): Promise<Storage>;
  /** Past row-level security and foreign keys; statements that depend on one another come in one list. */
  load(statements: readonly string[]): Promise<void>;
  /** Gathers the statistics, as the database does by itself in the minutes after such a load. */
  settle(): Promise<void>;
  remove(): Promise<void>;
}

export function openPglite(): Promise<BenchDatabase> {
  const dataDirectory = newDataDirectory();
  const open: BenchDatabase['open'] = (seen) =>
    openStorage(join(dataDirectory, 'db'), seen === undefined ? {} : { onStatement: seen });
  return Promise.resolve({
    name: 'PGlite',
    dataDirectory,
    env: {},
    open,
    async load(statements) {
      const storage = await open();
      for (const statement of ['set session_replication_role = replica', ...statements]) {
        await rawClient(storage.database).query(statement);
      }
      await storage.close();
    },
    async settle() {
      const storage = await open();
      await vacuumGrownTables(storage.database);
      await storage.close();
    },
    remove: () => Promise.resolve(rmSync(dataDirectory, { recursive: true, force: true })),
  });
}

export async function openPostgres(adminUrl: string): Promise<BenchDatabase> {
  const dataDirectory = newDataDirectory();
  const database = `defectdiffu_bench_${String(process.pid)}`;
  await statementsOn(adminUrl, [
    `do $$ begin create role ${ROLE} login; exception when duplicate_object then null; end $$`,
    `create database ${database} owner ${ROLE}`,
  ]);
  const [own, admin] = [new URL(adminUrl), new URL(adminUrl)];
  own.pathname = admin.pathname = database;
  own.username = ROLE;
  own.password = '';
  const open: BenchDatabase['open'] = (seen) => openStorage(own.href, seen === undefined ? {} : { onStatement: seen });
  return {
    name: 'PostgreSQL',
    dataDirectory,
    env: { DATABASE_URL: own.href },
    open,
    async load(statements) {
      await (await open()).close();
      await statementsOn(admin.href, ['set session_replication_role = replica', ...statements]);
    },
    settle: () => statementsOn(admin.href, ['vacuum analyze']),
    async remove() {
      await statementsOn(adminUrl, [`drop database ${database} with (force)`]);
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** One after the other: PGlite always, PostgreSQL where ADMIN_URL is set. */
export async function eachDatabase(work: (place: BenchDatabase) => Promise<void>): Promise<void> {
  const adminUrl = process.env['ADMIN_URL'];
  for (const make of [openPglite, ...(adminUrl === undefined ? [] : [() => openPostgres(adminUrl)])]) {
    const place = await make();
    try {
      await work(place);
    } finally {
      await place.remove();
    }
  }
  if (adminUrl === undefined) console.log('PostgreSQL: not run; ADMIN_URL names no server');
}

interface RawClient {
  query(text: string, parameters?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** The driver under drizzle, for statements that are text already. */
export function rawClient(database: Database): RawClient {
  return (database as unknown as { $client: RawClient }).$client;
}

async function statementsOn(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
