/**
 * The whole service, put together: every part is opened in the order in which the next one needs it, and closed
 * in the reverse order, also when a later one cannot be opened.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startJanitor } from './artifacts/janitor.js';
import { openStore } from './artifacts/open.js';
import { createSigner, readSecret } from './artifacts/signing.js';
import { createModels } from './catalog/models.js';
import { seedCatalog } from './catalog/seed.js';
import type { Config } from './config.js';
import { startExportWorker } from './exports/worker.js';
import { CHANNEL } from './generations/events.js';
import { createWakeups } from './generations/wakeups.js';
import { startWorker } from './generations/worker.js';
import { startHealth, startHttp } from './http/server.js';
import type { InferencePool } from './inference/index.js';
import { loadBundles, openPool } from './inference/index.js';
import type { Log } from './log.js';
import { batchSize, stepSeconds } from './observability/instruments.js';
import { startLoopMonitor } from './loopMonitor.js';
import type { Parts } from './resolvers/context.js';
import { requireSameSecret } from './storage/sharedSecrets.js';
import { openStorage } from './storage/open.js';
import { lockDirectory, makeDirectory } from './storage/lock.js';
import { forTenant } from './storage/tenantScope.js';
import { openAccess } from './tenants/access.js';
import { createKeyHasher } from './tenants/keyHash.js';
import { ensureDefaultTenant } from './tenants/keys.js';
import { createRates } from './tenants/rates.js';
import { createSecretBox } from './webhooks/secrets.js';
import { startDeliveries } from './webhooks/worker.js';
import { keySecret } from './tenants/keySecret.js';

export interface Service {
  /** Of the GraphQL endpoint. */
  readonly url: string;
  /** Set when this start made the key of the default tenant. */
  readonly generatedKey: string | undefined;
  /** Resolves when everything is closed. Work that was not finished goes on at the next start. */
  close(): Promise<void>;
}

export async function startService(config: Config, log: Log): Promise<Service> {
  const closers: (() => unknown)[] = [];
  let draining = false;
  const close = async (): Promise<void> => {
    draining = true;
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer();
  };
  try {
    const startedAt = new Date();
    const version = packageVersion();
    const { role, dataDirectory, modelsDirectory, databaseUrl } = config;
    const alone = databaseUrl === undefined;
    if (alone) closers.push(lockDirectory(dataDirectory));
    else makeDirectory(dataDirectory);

    const pool = role === 'api' ? undefined : await openEngine(config, log);
    if (pool !== undefined) closers.push(() => pool.close());
    const models = createModels(pool?.bundles ?? (await loadBundles(modelsDirectory)), config.defaultModel);

    const storage = await openStorage(databaseUrl ?? join(dataDirectory, 'db'), {
      seen: (statement) => log.trace({ statement }, 'query'),
      troubled: (error) => log.warn({ err: error }, 'a connection to the database broke'),
    });
    closers.push(() => storage.close());
    const { database } = storage;
    if (!alone && !storage.walled) {
      log.warn(
        'the user of DATABASE_URL passes row-level security by (superuser or BYPASSRLS): one wall between tenants is missing',
      );
    }
    const secret = config.urlSecret ?? readSecret(join(dataDirectory, 'url-secret'));
    await requireSameSecret(database, 'URL_SECRET', secret);
    const store = await openStore({ dataDirectory, s3: config.s3, urlSeconds: config.artifactUrlSeconds, alone });
    const keyHashSecret = keySecret(config);
    await requireSameSecret(database, 'KEY_HASH_SECRET', keyHashSecret);
    const hasher = createKeyHasher(keyHashSecret);
    const { tenantId, generatedKey } = await ensureDefaultTenant(database, config.apiKey, hasher);
    const access = await openAccess({ storage, hasher, tokens: config.tokens, log });
    closers.push(() => access.close());
    await seedCatalog(forTenant(database, tenantId), models.find());

    if (pool !== undefined) {
      const worker = await startWorker({ storage, pool, store, log, leaseSeconds: config.leaseSeconds });
      closers.push(() => worker.stop());
      const { leaseSeconds } = config;
      const exportWorker = await startExportWorker({ storage, store, bundles: models.all, version, leaseSeconds, log });
      closers.push(() => exportWorker.stop());
      const janitor = startJanitor({ database, store, log, limits: config.limits.tenant });
      closers.push(() => janitor.stop());
    }
    const readiness = { pool, database, store, draining: () => draining };
    if (role === 'worker') {
      const http = await startHealth(config, readiness, log);
      closers.push(() => http.close());
      return { url: http.url, generatedKey: undefined, close };
    }

    const wakeups = createWakeups();
    closers.push(await storage.listen(CHANNEL, (id) => wakeups.ring(id)));
    const loopMonitor = startLoopMonitor();
    closers.push(() => loopMonitor.stop());
    const signers = {
      signer: createSigner(secret, config.artifactUrlSeconds),
      uploadSigner: createSigner(secret, config.artifactUrlSeconds, 'uploads'),
    };
    const secretBox = createSecretBox(secret);
    const deliveries = await startDeliveries({ storage, config: config.webhooks, box: secretBox, log });
    closers.push(() => deliveries.stop());
    const rates = createRates(database, config.limits.tenant);
    const parts: Parts = {
      config,
      log,
      version,
      startedAt,
      database,
      access,
      store,
      models,
      ...signers,
      secretBox,
      wakeups,
      loopMonitor,
      rates,
    };
    const http = await startHttp(parts, readiness, log);
    closers.push(() => http.close());
    return { url: http.url, generatedKey, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function openEngine({ modelsDirectory, devices }: Config, log: Log): Promise<InferencePool> {
  return openPool({
    modelsDirectory,
    devices,
    log: (level, message, details) => log[level](details ?? {}, message),
    stepped: ({ device, samples, seconds }) => {
      batchSize.observe({ device }, samples);
      stepSeconds.observe({ device }, seconds);
    },
  });
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
