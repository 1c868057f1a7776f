/**
 * The whole service, put together: every part is opened in the order in which the next one needs it, and closed
 * in the reverse order, also when a later one cannot be opened.
 */
import type { Config } from './config.js';
import { startHealth } from './http/server.js';
import type { Log } from './log.js';
import { startAnswering } from './service/answering.js';
import { createClosing } from './service/closing.js';
import { openEngine, startDrawing } from './service/drawing.js';
import { openGround } from './service/ground.js';
import { lockDirectory, makeDirectory } from './storage/lock.js';

export interface Service {
  /** Of the GraphQL endpoint; of a worker, of its health. */
  readonly url: string;
  /** Set when this start made the key of the default tenant. */
  readonly generatedKey: string | undefined;
  /** Resolves when everything is closed. Work that was not finished goes on at the next start. */
  close(): Promise<void>;
}

export async function startService(config: Config, log: Log): Promise<Service> {
  const { whenClosing, closeAll } = createClosing();
  let draining = false;
  const close = (): Promise<void> => {
    draining = true;
    return closeAll();
  };
  try {
    if (config.databaseUrl === undefined) whenClosing(lockDirectory(config.dataDirectory));
    else makeDirectory(config.dataDirectory);
    const pool = config.role === 'api' ? undefined : await openEngine(config, log, whenClosing);
    const ground = await openGround(config, pool, log, whenClosing);
    const { storage, store, generatedKey } = ground;
    const readiness = { pool, database: storage.database, store, draining: () => draining };
    if (pool !== undefined) await startDrawing(config, pool, ground, log, whenClosing);
    if (config.role === 'worker') {
      const { url, close: closeHttp } = await startHealth(config, readiness, log);
      whenClosing(closeHttp);
      return { url, generatedKey: undefined, close };
    }
    const { url } = await startAnswering(config, ground, readiness, log, whenClosing);
    return { url, generatedKey, close };
  } catch (error) {
    await close();
    throw error;
  }
}
