/**
 * The database that belongs to a data directory. PGlite in it by default; with `npm run test:postgres` one of its own on
 * a PostgreSQL server that runs for all tests (onPostgres.ts), so that the same tests hold on both.
 */
import { basename, join } from 'node:path';
import pg from 'pg';

/** Of the server's superuser, when the tests run on PostgreSQL. */
const ADMIN_URL = process.env['TEST_POSTGRES_ADMIN_URL'];
export const ON_POSTGRES = ADMIN_URL !== undefined;
const TEMPLATE = 'defectdiffu_template';
const OWNER = 'defectdiffu';

/** What concerns the directory that PGlite writes to. */
export const onPgliteOnly = ON_POSTGRES ? test.skip : test;
/** What needs a second process on the database. */
export const onPostgresOnly = ON_POSTGRES ? test : test.skip;

const made = new Map<string, Promise<string>>();

/** What `openStorage` takes. The database is there and brought up to date. */
export async function databaseOf(dataDirectory: string): Promise<string> {
  if (ADMIN_URL === undefined) return join(dataDirectory, 'db');
  const url = made.get(dataDirectory) ?? copyTemplate(ADMIN_URL, basename(dataDirectory));
  made.set(dataDirectory, url);
  return url;
}

/** What the service needs in its environment beside DATA_DIR. */
export async function databaseEnvironment(dataDirectory: string): Promise<Record<string, string>> {
  // A process that is killed leaves leases that another must wait for; on PGlite the next start knows that nobody holds any.
  return ON_POSTGRES ? { DATABASE_URL: await databaseOf(dataDirectory), LEASE_SECONDS: '3' } : {};
}

async function copyTemplate(adminUrl: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query(`create database ${pg.escapeIdentifier(name)} template ${TEMPLATE} owner ${OWNER}`);
  } finally {
    await client.end();
  }
  const url = new URL(adminUrl);
  url.username = OWNER;
  url.pathname = `/${name}`;
  return url.href;
}
