/** The resources of every process, whatever its role: database, artifact store, secrets, access control, and models. */
import { join } from 'node:path';
import { openStore } from '../artifacts/openStore.js';
import { readOrCreateSecret } from '../storage/secretFile.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { ModelRegistry } from '../catalog/modelRegistry.js';
import { createModelRegistry } from '../catalog/modelRegistry.js';
import { seedCatalog } from '../catalog/seed.js';
import type { Config } from '../config.js';
import type { Engine } from '../inference/index.js';
import { loadBundles } from '../inference/index.js';
import type { Log } from '../log.js';
import type { Database, Storage } from '../storage/database.js';
import { openStorage } from '../storage/open.js';
import { requireSameSecret } from '../storage/sharedSecrets.js';
import { forTenant } from '../storage/tenantScope.js';
import { startVacuum } from '../storage/vacuum.js';
import type { AccessControl } from '../tenants/accessControl.js';
import { openAccessControl } from '../tenants/accessControl.js';
import type { KeyHasher } from '../tenants/keyHash.js';
import { createKeyHasher } from '../tenants/keyHash.js';
import { readKeyHashSecret } from '../tenants/keyHashSecret.js';
import { ensureDefaultTenant } from '../tenants/provisioning.js';
import { apiKeyFile, removeApiKey, writeApiKey } from './apiKeyFile.js';
import type { Defer } from './disposables.js';

export interface Resources {
  readonly storage: Storage;
  readonly store: ArtifactStore;
  readonly models: ModelRegistry;
  readonly access: AccessControl;
  /** Signs URLs, and encrypts the secrets of webhooks. */
  readonly secret: Uint8Array;
  /** The file with the key of the default tenant, if this start created it. */
  readonly keyFile: string | undefined;
}

export async function openResources(
  config: Config,
  pool: Engine | undefined,
  log: Log,
  defer: Defer,
): Promise<Resources> {
  const { dataDirectory, s3, artifactUrlSeconds: urlSeconds } = config;
  const models = createModelRegistry(pool?.bundles ?? (await loadBundles(config.modelsDirectory)), config.defaultModel);
  const storage = await openDatabase(config, log, defer);
  const { database } = storage;
  const secret = config.urlSecret ?? readOrCreateSecret(join(dataDirectory, 'url-secret'));
  await requireSameSecret(database, 'URL_SECRET', secret);
  const keyHashSecret = readKeyHashSecret(config);
  await requireSameSecret(database, 'KEY_HASH_SECRET', keyHashSecret);
  const store = await openStore({ dataDirectory, s3, urlSeconds, alone: config.databaseUrl === undefined });
  const hasher = createKeyHasher(keyHashSecret);
  const access = await openAccessControl({
    storage,
    hasher,
    jwt: config.jwt,
    oidc: config.oidc,
    log,
    consoleSessionHours: config.console.sessionHours,
    sessionLimits: config.connections,
  });
  defer(() => access.close());
  return {
    storage,
    store,
    models,
    access,
    secret,
    keyFile: await ensureTenantAndCatalog(config, database, hasher, models),
  };
}

/** Only API processes manage keys: a worker or a trainer must neither generate a key that nobody sees nor remove one. */
async function ensureTenantAndCatalog(
  { role, apiKey, databaseUrl, dataDirectory }: Config,
  database: Database,
  hasher: KeyHasher,
  models: ModelRegistry,
): Promise<string | undefined> {
  if (role === 'worker' || role === 'trainer') return undefined;
  const alone = databaseUrl === undefined;
  const keep = (key: string): void => writeApiKey(dataDirectory, key);
  const { tenantId, generated } = await ensureDefaultTenant(database, apiKey, hasher, alone, keep);
  if (apiKey !== undefined) removeApiKey(dataDirectory);
  await seedCatalog(forTenant(database, tenantId), models.find());
  return generated ? apiKeyFile(dataDirectory) : undefined;
}

async function openDatabase({ databaseUrl, dataDirectory }: Config, log: Log, defer: Defer): Promise<Storage> {
  const storage = await openStorage(databaseUrl ?? join(dataDirectory, 'db'), {
    onStatement: (statement) => log.trace({ statement }, 'query'),
    onConnectionError: (error) => log.warn({ err: error }, 'a database connection broke'),
  });
  defer(() => storage.close());
  if (storage.exclusive) defer(startVacuum(storage.database, log));
  if (databaseUrl !== undefined && !storage.hasRowLevelSecurity) {
    log.warn(
      'the user of DATABASE_URL bypasses row-level security (superuser or BYPASSRLS), which is the second check that isolates tenants',
    );
  }
  return storage;
}
