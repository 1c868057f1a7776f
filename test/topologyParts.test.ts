/** The servers that the tests of many processes stand on do what those tests rely on. */
import pg from 'pg';
import type { Postgres, S3 } from './support/topology.js';
import { startPostgres, startS3, whyNoPostgres, whyNoS3 } from './support/topology.js';

/** One connection, one statement. */
async function ask(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000, query_timeout: 1000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    void client.end().catch(() => undefined);
  }
}

test('where CI runs, both servers are installed', () => {
  if (process.env['CI'] === 'true') expect([whyNoPostgres(), whyNoS3()]).toEqual([undefined, undefined]);
});

const describeWith = (why: string | undefined) => (why === undefined ? describe : describe.skip);

describeWith(whyNoPostgres())('PostgreSQL', () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
    await ask(postgres.url, 'create table kept (name text)');
  });
  afterAll(() => postgres.remove());

  test('the service is no superuser, and owns its database', async () => {
    const [row] = await ask(
      postgres.url,
      'select usesuper, usename = pg_get_userbyid(datdba) as owns from pg_user, pg_database where usename = current_user and datname = current_database()',
    );
    expect(row).toEqual({ usesuper: false, owns: true });
  });

  test('what was committed outlives a kill under open connections, and the URL stays', async () => {
    const idle = new pg.Client({ connectionString: postgres.url });
    const cut = new Promise((resolve) => idle.on('error', resolve));
    await idle.connect();
    await ask(postgres.url, `insert into kept values ('before the kill')`);
    await postgres.kill();
    await cut;
    await expect(ask(postgres.url, 'select 1')).rejects.toThrow('ECONNREFUSED');
    await postgres.start();
    expect(await ask(postgres.url, 'select name from kept')).toEqual([{ name: 'before the kill' }]);
  });

  test('it can be stopped and started', async () => {
    await postgres.stop();
    await expect(ask(postgres.url, 'select 1')).rejects.toThrow('ECONNREFUSED');
    await postgres.start();
    expect(await ask(postgres.url, 'select count(*)::int as rows from kept')).toEqual([{ rows: 1 }]);
  });

  test('paused, it answers nothing; resumed, it goes on', async () => {
    postgres.pause();
    await expect(ask(postgres.url, 'select 1')).rejects.toThrow(/timeout/);
    postgres.resume();
    expect(await ask(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('another database is empty', async () => {
    const url = await postgres.createDatabase('another');
    expect(await ask(url, `select to_regclass('kept') as kept`)).toEqual([{ kept: null }]);
  });
});

describeWith(whyNoS3())('S3', () => {
  let s3: S3;
  beforeAll(async () => {
    s3 = await startS3();
  });
  afterAll(() => s3.stop());

  const put = (key: string, body: string, init: RequestInit = {}) =>
    fetch(`${s3.endpoint}/${s3.bucket}/${key}`, { method: 'PUT', body, ...init });

  test('an object that was put is listed with its size', async () => {
    expect((await put('folder/one', 'four')).status).toBe(200);
    expect(await s3.list()).toEqual(new Map([['folder/one', 4]]));
  });

  test('paused, it answers nothing; resumed, it goes on', async () => {
    s3.pause();
    await expect(put('two', '2', { signal: AbortSignal.timeout(500) })).rejects.toThrow('timeout');
    s3.resume();
    expect((await put('three', '3')).status).toBe(200);
    expect(await s3.list()).toHaveProperty('size', 3); // the second arrived, late
  });

  test('stopped, it is gone', async () => {
    await s3.stop();
    await expect(put('four', '4')).rejects.toThrow('fetch failed');
  });
});
