/**
 * The whole service, put together: every part is opened in the order in which the next one needs it, and closed
 * in the reverse order, also when a later one cannot be opened.
 */
import type { Config } from './config.js';
import { startHealth } from './http/server.js';
import type { Log } from './log.js';
import { startApi } from './service/apiProcess.js';
import { createDisposables } from './service/disposables.js';
import { openEngine, startWorkers } from './service/workerProcess.js';
import { openResources } from './service/resources.js';
import { lockDirectory, makeDirectory } from './storage/directoryLock.js';

export interface Service {
  /** Of the GraphQL endpoint; of a worker, of its health. */
  readonly url: string;
  /** Set when this start made the key of the default tenant. */
  readonly generatedKey: string | undefined;
  /** Resolves when everything is closed. Work that was not finished goes on at the next start. */
  close(): Promise<void>;
}

export async function startService(config: Config, log: Log): Promise<Service> {
  const { defer, disposeAll } = createDisposables();
  let draining = false;
  const close = (): Promise<void> => {
    draining = true;
    return disposeAll();
  };
  try {
    if (config.databaseUrl === undefined) defer(lockDirectory(config.dataDirectory));
    else makeDirectory(config.dataDirectory);
    const pool = config.role === 'api' ? undefined : await openEngine(config, log, defer);
    const resources = await openResources(config, pool, log, defer);
    const { storage, store, generatedKey } = resources;
    const readiness = { pool, database: storage.database, store, draining: () => draining };
    if (pool !== undefined) await startWorkers(config, pool, resources, log, defer);
    if (config.role === 'worker') {
      const { url, close: closeHttp } = await startHealth(config, readiness, log);
      defer(closeHttp);
      return { url, generatedKey: undefined, close };
    }
    const { url } = await startApi(config, resources, readiness, log, defer);
    return { url, generatedKey, close };
  } catch (error) {
    await close();
    throw error;
  }
}
