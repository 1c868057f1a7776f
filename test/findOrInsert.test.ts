import { findOrInsert } from '../src/references/findOrInsert.js';
import { referencesOf as keptBy } from '../src/references/references.js';
import { recordPending } from '../src/artifacts/pendingFiles.js';
import { openStorage } from '../src/storage/open.js';
import { newId } from '../src/storage/identifiers.js';
import { artifacts, products, references } from '../src/storage/tables.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { ensureTenant } from '../src/tenants/provisioning.js';
import { databaseOf } from './support/database.js';
import { newDataDirectory } from './support/server.js';

test('of two processes that insert the same photograph at once, the later takes the row of the earlier', async () => {
  const storage = await openStorage(await databaseOf(newDataDirectory()));
  const scope = forTenant(storage.database, await ensureTenant(storage.database, 'tenant'));
  const { database, own, rows } = scope;
  const productId = newId();
  const common = { name: 'part', promptName: 'tile', createdAt: new Date() };
  await database.insert(products).values(own({ ...common, id: productId, partNumber: 'PART' }));
  const size = { width: 64, height: 48 };
  const file = (key: string) => ({ ...size, key, contentType: 'image/png', bytes: 1, createdAt: new Date() });
  const mine = {
    ...size,
    productId,
    name: null,
    hash: 'the same',
    pixelHash: 'the same',
    defectId: null,
    maskId: null,
  };
  await recordPending(scope, ['earlier', 'later']);
  const first = await keptBy(scope).findOrCreate(mine, file('earlier'));

  let looks = 0;
  const late = await findOrInsert(scope, file('later'), {
    find: async () => (looks++ === 0 ? undefined : keptBy(scope).withHash(productId, mine.hash)),
    insert: async (artifactKey, createdAt) => {
      const row = own({ ...mine, id: newId(), artifactKey, createdAt, archivedAt: null });
      return (await database.insert(references).values(row).onConflictDoNothing().returning()).at(0);
    },
  });
  expect(late).toEqual(first);
  expect((await database.select().from(artifacts).where(rows(artifacts))).map(({ key }) => key)).toEqual(['earlier']);
  await storage.close();
});
