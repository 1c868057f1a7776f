/**
 * The whole service. Each part is opened before those that need it and closed in the reverse order, even if a later one
 * fails to open.
 */
import type { Config } from './config.js';
import { startHealth } from './http/server.js';
import type { Log } from './log.js';
import { setBuildInfo } from './observability/metrics.js';
import { startApi } from './service/apiProcess.js';
import { createDisposables } from './service/disposables.js';
import { openEngine, startWorkers } from './service/workerProcess.js';
import { openResources } from './service/resources.js';
import { packageVersion } from './service/version.js';
import { startTrainer } from './service/trainerProcess.js';
import { lockDirectory, makeDirectory } from './storage/directoryLock.js';

export interface Service {
  /** The URL of the GraphQL endpoint; in a worker or a trainer, that of the health endpoint. */
  readonly url: string;
  /** The file with the key of the default tenant, if this start created it. */
  readonly keyFile: string | undefined;
  /** Signs in to the console once, if this start created the key and only this machine can use the link. */
  readonly signInUrl: string | undefined;
  /** Resolves when everything is closed. Unfinished work continues at the next start. */
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
    setBuildInfo(packageVersion(), config.role);
    if (config.databaseUrl === undefined)
      defer(await lockDirectory(config.dataDirectory, (message) => log.warn(message)));
    else makeDirectory(config.dataDirectory);
    const draws = config.role === 'all' || config.role === 'worker';
    const pool = draws ? await openEngine(config, log, defer) : undefined;
    const resources = await openResources(config, pool, log, defer);
    const { storage, store, keyFile } = resources;
    const readiness = { pool, database: storage.database, store, draining: () => draining };
    if (pool !== undefined) await startWorkers(config, pool, resources, log, defer);
    if (config.trainer !== undefined) await startTrainer(config.trainer, config, resources, log, defer);
    if (config.role === 'worker' || config.role === 'trainer') {
      const { url, close: closeHttp } = await startHealth(config, readiness, log);
      defer(closeHttp);
      return { url, keyFile: undefined, signInUrl: undefined, close };
    }
    const { url, signInUrl } = await startApi(config, resources, readiness, log, defer);
    return { url, keyFile, signInUrl, close };
  } catch (error) {
    await close();
    throw error;
  }
}
