/** The service spread over processes that share nothing but a PostgreSQL and an S3 store. */
import { readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import type { Storage } from '../src/storage/database.js';
import { openStorage } from '../src/storage/open.js';
import { generations } from '../src/storage/tables.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { ensureTenant } from '../src/tenants/provisioning.js';
import { freePort } from './support/daemon.js';
import { EVENTS, GENERATE, QUICK } from './support/generations.js';
import type { Kept } from './support/kept.js';
import { keepRunning } from './support/kept.js';
import type { Postgres } from './support/postgres.js';
import { startPostgres } from './support/postgres.js';
import type { S3 } from './support/s3.js';
import { startS3 } from './support/s3.js';
import type { Answer, Json } from './support/server.js';
import { TEST_KEY, newFolder, runToEnd, subscribe } from './support/server.js';
import { until } from './support/until.js';

interface Api extends Kept {
  readonly url: string;
}

let postgres: Postgres;
let s3: S3;
let common: Record<string, string>;
let first: Api;
let second: Api;
let worker: Api;
let storage: Storage;

beforeAll(async () => {
  [postgres, s3] = await Promise.all([startPostgres(), startS3()]);
  common = {
    ...s3.environment,
    DATABASE_URL: postgres.url,
    URL_SECRET: 'ab'.repeat(32),
    KEY_HASH_SECRET: 'ef'.repeat(32),
    DEFECTDIFFU_API_KEY: TEST_KEY,
    // A busy machine can hold a process up for seconds; it must not lose its work by that.
    LEASE_SECONDS: '5',
  };
  [first, second, worker] = (await Promise.all(['api', 'api', 'worker'].map((role) => start(role)))) as [Api, Api, Api];
  storage = await openStorage(postgres.url);
});

afterAll(async () => {
  await storage.close();
  await Promise.all([first, second, worker].map((each) => each.stop()));
  await Promise.all([postgres.remove(), s3.stop()]);
});

async function start(ROLE: string, more: Record<string, string> = {}): Promise<Api> {
  const port = await freePort();
  const kept = keepRunning(ROLE, port, { ...common, ROLE, DATA_DIR: newFolder(), ...more });
  await kept.ready();
  return Object.assign(kept, { url: `http://127.0.0.1:${String(port)}/graphql` });
}

async function send(
  api: Api,
  query: string,
  variables: object = {},
): Promise<Answer & { status: number; head: Headers }> {
  const headers = { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json' };
  const response = await fetch(api.url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  return { ...((await response.json()) as Answer), status: response.status, head: response.headers };
}

async function order(api: Api, input: object): Promise<string> {
  const { data, errors } = await send(api, GENERATE, { input: [input] });
  if (data == null) throw new Error(JSON.stringify(errors));
  return data.generateDefects[0].id;
}

async function follow(api: Api, id: string): Promise<Json[]> {
  const events: Json[] = [];
  for await (const { data } of subscribe(api.url, EVENTS, { id }, TEST_KEY)) events.push(data.generationEvents);
  return events;
}

async function readiness(api: Api): Promise<{ status: number; missing: string[] }> {
  const response = await fetch(api.url.replace('graphql', 'readyz'));
  return { status: response.status, missing: ((await response.json()) as Json).missing };
}

test('one process accepts, another draws, a third tells of it, and the pictures come from the store itself', async () => {
  const id = await order(first, { ...QUICK, count: 3 });
  const events = await follow(second, id);
  expect(events.at(-1).type).toBe('GenerationSucceeded');
  const ready = events.filter(({ type }) => type === 'SampleReady');
  expect(ready).toHaveLength(3);
  const { url, bytes } = ready[0].sample.image;
  expect(url.startsWith(`${s3.endpoint}/${s3.bucket}/artifacts/`)).toBe(true);
  expect(url).toContain('X-Amz-Signature=');
  const response = await fetch(url);
  expect(response.headers.get('content-type')).toBe('image/png');
  expect((await response.arrayBuffer()).byteLength).toBe(bytes);
  const { data } = await send(second, '{ serverInfo { devices { device state } } }');
  expect(data.serverInfo.devices).toEqual([{ device: 'cpu', state: 'READY' }]);
});

test('a photograph that one process took in is drawn on by another', async () => {
  const drawing = await start('all', { MODELS_DIR: 'models' });
  const create = `mutation { createUpload(input: { purpose: REFERENCE, partNumber: "FABRIC" }) { url } }`;
  const { url } = (await send(first, create)).data.createUpload;
  const body = new Uint8Array(readFileSync('test/photographs/fabric.png'));
  const uploaded = (await (await fetch(url, { method: 'PUT', body })).json()) as Json;
  const reference = { id: uploaded.reference.id };
  const quality = { minimumVisibility: 0, minimumAgreement: 0 };
  const id = await order(drawing, { partNumber: 'FABRIC', defectCode: 'HOLE', steps: 4, reference, quality });
  expect((await follow(second, id)).at(-1).type).toBe('GenerationSucceeded');
  await drawing.stop();
});

test('a worker that is told to go hands its work to another, and nothing is drawn twice', async () => {
  const other = await start('worker');
  const id = await order(first, { ...QUICK, steps: 60, count: 30 });
  const events = follow(second, id);
  const attempts = () => send(first, `{ generation(id: "${id}") { attempts { outcome } progress { samplesDone } } }`);
  await until(async () => (await attempts()).data.generation.progress.samplesDone > 2);
  const holder = worker.output().includes(`"generation":"${id}"`) ? worker : other;
  // A process that cannot close everything in time ends itself with 1.
  expect(await holder.stop()).toBe(0);
  const seen = await events;
  expect(seen.at(-1).type).toBe('GenerationSucceeded');
  expect(seen.filter(({ type }) => type === 'SampleReady')).toHaveLength(30);
  expect((await attempts()).data.generation.attempts).toEqual([{ outcome: 'INTERRUPTED' }, { outcome: 'SUCCEEDED' }]);
  if (holder === worker) worker = other;
  else await worker.ready();
});

test('while the database is away the service says so, accepts nothing, and recovers by itself', async () => {
  const id = await order(first, { ...QUICK, steps: 100, count: 20 });
  await postgres.stop();
  await until(async () => (await readiness(first)).status === 503);
  expect((await readiness(first)).missing).toContain('the database does not answer');
  const { status, head, errors } = await send(first, GENERATE, { input: [QUICK] });
  expect([status, errors?.[0]?.extensions.code]).toEqual([503, 'DATABASE_UNAVAILABLE']);
  expect(head.get('retry-after')).toBe('5');
  await postgres.start();
  await until(async () => (await readiness(first)).status === 200 && (await readiness(worker)).status === 200);
  expect((await follow(second, id)).at(-1).type).toBe('GenerationSucceeded');
  expect((await follow(first, await order(second, QUICK))).at(-1).type).toBe('GenerationSucceeded');
});

test('while the store stands still the service says so, what was accepted waits, and goes on with it', async () => {
  s3.pause();
  const id = await order(first, QUICK);
  await until(async () => (await readiness(worker)).status === 503);
  expect((await readiness(worker)).missing[0]).toContain('artifacts cannot be stored');
  s3.resume();
  await until(async () => (await readiness(worker)).status === 200);
  expect((await follow(second, id)).at(-1).type).toBe('GenerationSucceeded');
});

test('a worker without API keys revokes none, and a worker that stalls in a transaction blocks others only briefly', async () => {
  const env = { ...common, ROLE: 'worker', DEFECTDIFFU_API_KEY: '' };
  const port = await freePort();
  const keyless = keepRunning('worker', port, { ...env, DATA_DIR: newFolder() });
  await keyless.ready();
  expect((await send(first, '{ caller { role } }')).data.caller.role).toBe('ADMIN');
  await keyless.stop();
  const locked = Promise.withResolvers<number>();
  const answered = Promise.withResolvers<undefined>();
  const frozen = storage.database.transaction(async (tx) => {
    const { rows } = await tx.execute<{ pid: number }>(
      sql`select pg_backend_pid() as pid, pg_advisory_xact_lock(4711003)`, // the lock of admission
    );
    locked.resolve(rows[0]?.pid ?? 0);
    await answered.promise;
    await tx.execute(sql`select 1`);
  });
  const ended = expect(frozen).rejects.toThrow();
  const pid = await locked.promise;
  const { status } = await send(second, GENERATE, { input: [QUICK] });
  expect([200, 503]).toContain(status);
  await until(async () => {
    const { rows } = await storage.database.execute(sql`select from pg_stat_activity where pid = ${pid}`);
    return rows.length === 0;
  });
  expect((await send(second, GENERATE, { input: [QUICK] })).status).toBe(200);
  answered.resolve(undefined);
  await ended;
});

describe('row-level security', () => {
  test("a connection of one tenant sees nothing of another's, whatever the statement says", async () => {
    expect(storage.hasRowLevelSecurity).toBe(true);
    const all = await storage.database.select().from(generations);
    expect(all.length).toBeGreaterThan(0);
    const other = forTenant(storage.database, await ensureTenant(storage.database, 'beyond the wall'));
    expect(await other.database.select().from(generations)).toEqual([]);
    expect(await other.database.update(generations).set({ priority: 9 }).returning()).toEqual([]);
    const own = forTenant(storage.database, all[0]?.tenantId ?? '');
    expect(await own.database.select().from(generations)).toHaveLength(all.length);
  });

  test('nor can it write a row for another', async () => {
    const [row] = await storage.database.select().from(generations).limit(1);
    const other = forTenant(storage.database, await ensureTenant(storage.database, 'beyond the wall'));
    const tenantId = row?.tenantId ?? '';
    const theft = sql`insert into loose_file (key, tenant_id, since) values ('x', ${tenantId}, now())`;
    await expect(other.database.execute(theft)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('row-level security') },
    });
  });

  test('every table with rows of a tenant has it', async () => {
    const { rows } = await storage.database.execute<{ name: string; forced: boolean }>(sql`
      select c.relname as name, c.relforcerowsecurity as forced from pg_class c
      where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and exists (
        select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id')`);
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.filter(({ forced }) => !forced)).toEqual([]);
  });
});

test.each(['URL_SECRET', 'KEY_HASH_SECRET'])(
  'a process with another %s than the rest does not start',
  async (secret) => {
    const { code, stderr } = await runToEnd({ ...common, ROLE: 'api', [secret]: 'cd'.repeat(32) });
    expect(code).toBe(1);
    expect(stderr).toContain(`${secret}: is not the value that this database was first used with`);
  },
);

test('work that only takes minutes is not taken from a worker that lives', async () => {
  const id = await order(first, { ...QUICK, steps: 999, count: 4 });
  await follow(second, id);
  const { data } = await send(first, `{ generation(id: "${id}") { status attempts { number outcome } } }`);
  expect(data.generation).toEqual({ status: 'SUCCEEDED', attempts: [{ number: 1, outcome: 'SUCCEEDED' }] });
});
