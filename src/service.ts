/**
 * The whole service, put together: every part is opened in the order in which the next one needs it, and closed
 * in the reverse order, also when a later one cannot be opened.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSigner, readSecret } from './artifacts/signing.js';
import { openArtifactStore } from './artifacts/store.js';
import { createModels } from './catalog/models.js';
import { seedCatalog } from './catalog/seed.js';
import type { Config } from './config.js';
import { startExportWorker } from './exports/worker.js';
import { CHANNEL } from './generations/events.js';
import { createWakeups } from './generations/wakeups.js';
import { startWorker } from './generations/worker.js';
import { startHttp } from './http/server.js';
import { openPool } from './inference/index.js';
import type { Log } from './log.js';
import { startLoopMonitor } from './loopMonitor.js';
import type { Parts } from './resolvers/context.js';
import { openStorage } from './storage/database.js';
import { lockDirectory } from './storage/lock.js';
import { forTenant } from './storage/tenantScope.js';
import { ensureDefaultTenant } from './tenants/keys.js';

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
  const close = async (): Promise<void> => {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer();
  };
  try {
    const startedAt = new Date();
    closers.push(lockDirectory(config.dataDirectory));
    const pool = await openPool({
      modelsDirectory: config.modelsDirectory,
      log: (level, message, details) => log[level](details ?? {}, message),
    });
    closers.push(() => pool.close());
    const models = createModels(pool.bundles, config.defaultModel);
    const storage = await openStorage(join(config.dataDirectory, 'db'), (statement) =>
      log.trace({ statement }, 'query'),
    );
    closers.push(() => storage.close());
    const { database } = storage;
    const { tenantId, generatedKey } = await ensureDefaultTenant(database, config.apiKey);
    await seedCatalog(forTenant(database, tenantId), models.find());

    const store = await openArtifactStore(join(config.dataDirectory, 'artifacts'));
    const secret = readSecret(join(config.dataDirectory, 'url-secret'));
    const signer = createSigner(secret, config.artifactUrlSeconds);
    const uploadSigner = createSigner(secret, config.artifactUrlSeconds, 'uploads');
    const wakeups = createWakeups();
    closers.push(await storage.listen(CHANNEL, (id) => wakeups.ring(id)));
    const worker = await startWorker({ storage, pool, store, log });
    closers.push(() => worker.stop());
    const version = packageVersion();
    const exportWorker = await startExportWorker({ storage, store, pool, version, log });
    closers.push(() => exportWorker.stop());
    const loopMonitor = startLoopMonitor();
    closers.push(() => loopMonitor.stop());

    const signers = { signer, uploadSigner };
    const parts: Parts = { config, version, startedAt, database, pool, models, ...signers, wakeups, loopMonitor };
    const http = await startHttp(parts, store, log);
    closers.push(() => http.close());
    return { url: http.url, generatedKey, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
