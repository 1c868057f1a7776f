/** The programs and scripts that compose.yaml and the manifests run, run: against a real PostgreSQL and a real S3 server. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import pg from 'pg';
import { documents, readYaml } from '../support/deployment.js';
import { QUICK, fetchGeneration, generate } from '../support/generations.js';
import { startServer } from '../support/server.js';
import type { Postgres, S3 } from '../support/topology.js';
import { startPostgres, startS3, whyNoPostgres, whyNoS3 } from '../support/topology.js';

const { services } = readYaml('compose.yaml');
const describeWhere = (there: boolean) => (there ? describe : describe.skip);
const has = (program: string, ...args: string[]) => spawnSync(program, args).status === 0;

async function rows(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

describeWhere(whyNoS3() === undefined)('the one-shot that makes the bucket', () => {
  let s3: S3;
  beforeAll(async () => {
    s3 = await startS3();
  });
  afterAll(() => s3.stop());

  const run = (environment: Record<string, string>) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, services.bucket.command as string[], {
      env: { ...s3.environment, ...environment },
      encoding: 'utf8',
    });
    return [status, stdout + stderr];
  };

  test('makes it, and once more leaves it as it is', async () => {
    const { ARTIFACTS } = services.bucket.environment as Record<string, string>;
    expect(run({ ARTIFACTS: ARTIFACTS ?? '' })).toEqual([0, 'The bucket defectdiffu was created.\n']);
    expect(run({ ARTIFACTS: ARTIFACTS ?? '' })).toEqual([0, 'The bucket defectdiffu exists.\n']);
    expect((await fetch(`${s3.endpoint}/defectdiffu`)).status).toBe(200);
  });

  test('says what is wrong with its settings', () => {
    expect(run({ ARTIFACTS: '' })).toEqual([1, expect.stringContaining('ARTIFACTS')]);
  });
});

describeWhere(whyNoPostgres() === undefined && has('psql', '--version'))('PostgreSQL', () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.remove());

  test("the image's first-start script makes a role that row-level security binds, with a database of its own", async () => {
    const { hostname, port, pathname } = new URL(postgres.adminUrl);
    const admin = postgres.adminUrl.replace(pathname, '/postgres');
    await rows(admin, 'drop database defectdiffu');
    await rows(admin, 'drop role defectdiffu');
    const script = join(process.cwd(), 'deploy/postgres/10-service-role.sh');
    const environment = {
      POSTGRES_USER: 'postgres',
      SERVICE_PASSWORD: `it's "secret"`,
      PGHOST: hostname,
      PGPORT: port,
    };
    execFileSync('sh', [script], { env: { PATH: process.env['PATH'], ...environment } });
    const made = `select rolsuper, rolbypassrls, rolpassword is not null as has_password, pg_get_userbyid(datdba) as owner
      from pg_authid, pg_database where rolname = 'defectdiffu' and datname = 'defectdiffu'`;
    expect(await rows(admin, made)).toEqual([
      { rolsuper: false, rolbypassrls: false, has_password: true, owner: 'defectdiffu' },
    ]);
  });

  test("the autoscaler's query counts what is not drawn yet, of all tenants, by the connection that its secret describes", async () => {
    const url = await postgres.createDatabase('scaled');
    const server = await startServer({ DATABASE_URL: url, ROLE: 'api' });
    await generate(server, { ...QUICK, count: 3 });
    await generate(server, { ...QUICK, count: 4 });
    const [scaled] = documents('deploy/kubernetes/keda/scaled-workers.yaml');
    const [secret] = documents('deploy/kubernetes/keda/secret.example.yaml');
    const { search } = new URL(secret.stringData.SCALER_DATABASE_URL as string);
    const query = scaled.spec.triggers[0].metadata.query as string;
    expect(await rows(`${url}${search}`, query)).toEqual([{ coalesce: 7 }]);
    expect(await rows(url, query)).toEqual([{ coalesce: 0 }]); // without a word the wall hides all
    await server.stop();
  });

  test('a backup as docs/deployment.md describes it, restored, is a service with the same generations', async () => {
    const [from, to] = [await postgres.createDatabase('saved'), await postgres.createDatabase('restored')];
    const before = await startServer({ DATABASE_URL: from, ROLE: 'api' });
    const { id } = await generate(before, QUICK);
    await before.stop();
    const environment = { PATH: process.env['PATH'], PGOPTIONS: '-c defectdiffu.tenant=*' };
    const dump = execFileSync('pg_dump', ['--format=custom', '--enable-row-security', from], { env: environment });
    execFileSync('pg_restore', ['--exit-on-error', `--dbname=${to}`], { env: environment, input: dump });
    const after = await startServer({ DATABASE_URL: to, ROLE: 'api', DATA_DIR: before.dataDirectory });
    expect((await fetchGeneration(after, id as string)).status).toBe('QUEUED');
    expect(spawnSync('pg_dump', [from]).status).not.toBe(0); // half a backup is refused
    await after.stop();
  });
});
