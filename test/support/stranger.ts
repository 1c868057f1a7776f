/** Another tenant, made before the service starts. */
import { openStorage } from '../../src/storage/open.js';
import { newId } from '../../src/storage/identifiers.js';
import { defects, products } from '../../src/storage/tables.js';
import { forTenant } from '../../src/storage/tenantScope.js';
import { createTenantAdmin } from '../../src/tenants/tenantAdmin.js';
import { databaseOf } from './database.js';
import { runTenants } from './tenancy.js';

/** Returns the key of its admin. */
export async function newTenant(dataDirectory: string, name: string): Promise<string> {
  const { stdout } = await runTenants(dataDirectory, 'create', name, '--admin-key');
  return /dd_\S{32}/.exec(stdout)?.[0] ?? '';
}

/** One product and one defect, so that the other tenant's requests fail only because the thing is not theirs. */
export async function giveCatalog(dataDirectory: string): Promise<void> {
  const storage = await openStorage(await databaseOf(dataDirectory));
  const { id: tenantId } = await createTenantAdmin(storage.database).require('stranger');
  const { database, own } = forTenant(storage.database, tenantId);
  const row = { name: 'their own', createdAt: new Date() };
  await database.insert(products).values(own({ ...row, id: newId(), partNumber: 'OWN', promptName: 'fabric' }));
  await database.insert(defects).values(own({ ...row, id: newId(), code: 'OWN', promptName: 'hole' }));
  await storage.close();
}
