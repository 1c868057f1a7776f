/** The database itself maintains the sum of a tenant's stored bytes, whoever inserts and deletes. */
import { eq, sql } from 'drizzle-orm';
import { usageOf } from '../src/tenants/quotas.js';
import type { Storage } from '../src/storage/database.js';
import { openStorage } from '../src/storage/open.js';
import { artifacts } from '../src/storage/tables.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { ensureTenant } from '../src/tenants/provisioning.js';
import { databaseOf } from './support/database.js';
import { newDataDirectory } from './support/server.js';

let storage: Storage;
beforeAll(async () => {
  storage = await openStorage(await databaseOf(newDataDirectory()));
});
afterAll(() => storage.close());

const tenant = async (name: string) =>
  forTenant(storage.database, await ensureTenant(storage.database, `stored bytes of ${name}`));

async function store({ database, own }: Awaited<ReturnType<typeof tenant>>, sizes: Record<string, number>) {
  const facts = { contentType: 'image/png', width: 1, height: 1, createdAt: new Date() };
  await database.insert(artifacts).values(Object.entries(sizes).map(([key, bytes]) => own({ key, bytes, ...facts })));
}

test('it is the sum of what is there, of each tenant by itself', async () => {
  const [a, b] = [await tenant('a'), await tenant('b')];
  await store(a, { a1: 10, a2: 200 });
  await Promise.all([store(a, { a3: 3000 }), store(b, { b1: 7 })]);
  await a.database.delete(artifacts).where(eq(artifacts.key, 'a2'));
  expect([(await usageOf(a)).storedBytes, (await usageOf(b)).storedBytes]).toEqual([3010, 7]);
});

test('what is taken back is not counted', async () => {
  const scope = await tenant('one who changes its mind');
  const broken = scope.transaction(async (tx) => {
    await store(tx, { c1: 10 });
    throw new Error('no');
  });
  await expect(broken).rejects.toThrow('no');
  expect((await usageOf(scope)).storedBytes).toBe(0);
});

test('a tenant can be deleted with all that it stored', async () => {
  const scope = await tenant('one who leaves');
  await store(scope, { d1: 10 });
  await storage.database.execute(sql`delete from tenant where id = ${scope.tenantId}`);
  expect((await usageOf(scope)).storedBytes).toBe(0);
});
