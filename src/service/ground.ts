/** What every process stands on, whatever its role: the database, the store, the secrets, who is let in, the models. */
import { join } from 'node:path';
import { openStore } from '../artifacts/open.js';
import { readSecret } from '../artifacts/signing.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { Models } from '../catalog/models.js';
import { createModels } from '../catalog/models.js';
import { seedCatalog } from '../catalog/seed.js';
import type { Config } from '../config.js';
import type { InferencePool } from '../inference/index.js';
import { loadBundles } from '../inference/index.js';
import type { Log } from '../log.js';
import type { Database, Storage } from '../storage/database.js';
import { openStorage } from '../storage/open.js';
import { requireSameSecret } from '../storage/sharedSecrets.js';
import { forTenant } from '../storage/tenantScope.js';
import { startUpkeep } from '../storage/upkeep.js';
import type { Access } from '../tenants/access.js';
import { openAccess } from '../tenants/access.js';
import type { KeyHasher } from '../tenants/keyHash.js';
import { createKeyHasher } from '../tenants/keyHash.js';
import { keySecret } from '../tenants/keySecret.js';
import { ensureDefaultTenant } from '../tenants/keys.js';
import type { WhenClosing } from './closing.js';

export interface Ground {
  readonly storage: Storage;
  readonly store: ArtifactStore;
  readonly models: Models;
  readonly access: Access;
  /** Signs URLs and seals what webhooks are signed with. */
  readonly secret: Uint8Array;
  /** Set when this start made the key of the default tenant. */
  readonly generatedKey: string | undefined;
}

export async function openGround(
  config: Config,
  pool: InferencePool | undefined,
  log: Log,
  whenClosing: WhenClosing,
): Promise<Ground> {
  const { dataDirectory, s3, artifactUrlSeconds: urlSeconds } = config;
  const models = createModels(pool?.bundles ?? (await loadBundles(config.modelsDirectory)), config.defaultModel);
  const storage = await openDatabase(config, log, whenClosing);
  const { database } = storage;
  const secret = config.urlSecret ?? readSecret(join(dataDirectory, 'url-secret'));
  await requireSameSecret(database, 'URL_SECRET', secret);
  const keyHashSecret = keySecret(config);
  await requireSameSecret(database, 'KEY_HASH_SECRET', keyHashSecret);
  const store = await openStore({ dataDirectory, s3, urlSeconds, alone: config.databaseUrl === undefined });
  const hasher = createKeyHasher(keyHashSecret);
  const access = await openAccess({ storage, hasher, tokens: config.tokens, log });
  whenClosing(() => access.close());
  return { storage, store, models, access, secret, generatedKey: await beginTenancy(config, database, hasher, models) };
}

/** Keys are for those who answer: a worker must neither make one that nobody sees nor take one away. */
async function beginTenancy(
  { role, apiKey, databaseUrl }: Config,
  database: Database,
  hasher: KeyHasher,
  models: Models,
): Promise<string | undefined> {
  if (role === 'worker') return undefined;
  const { tenantId, generatedKey } = await ensureDefaultTenant(database, apiKey, hasher, databaseUrl === undefined);
  await seedCatalog(forTenant(database, tenantId), models.find());
  return generatedKey;
}

async function openDatabase(
  { databaseUrl, dataDirectory }: Config,
  log: Log,
  whenClosing: WhenClosing,
): Promise<Storage> {
  const storage = await openStorage(databaseUrl ?? join(dataDirectory, 'db'), {
    seen: (statement) => log.trace({ statement }, 'query'),
    troubled: (error) => log.warn({ err: error }, 'a connection to the database broke'),
  });
  whenClosing(() => storage.close());
  if (storage.exclusive) whenClosing(startUpkeep(storage.database, log));
  if (databaseUrl !== undefined && !storage.walled) {
    log.warn(
      'the user of DATABASE_URL passes row-level security by (superuser or BYPASSRLS): one wall between tenants is missing',
    );
  }
  return storage;
}
