/** /livez: the process answers. /readyz: the process can do its work; if not, the response lists the reasons. */
import { sql } from '../storage/drizzle.js';
import { Router } from 'express';
import type { ArtifactStore } from '../artifacts/store.js';
import type { Engine } from '../inference/index.js';
import type { Database } from '../storage/database.js';

/** Probes give up after a few seconds. */
const ANSWER_MS = 2_000;

export interface ReadinessChecks {
  /** Undefined in a process without an engine. */
  readonly pool: Engine | undefined;
  readonly store: ArtifactStore;
  readonly database: Database;
  /** True once the service is shutting down. */
  draining(): boolean;
}

export function health(checks: ReadinessChecks): Router {
  const router = Router();
  router.get('/livez', (_request, response) => {
    response.set('cache-control', 'no-store').json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    const missing = await unmetConditions(checks);
    const status = missing.length === 0 ? 'ok' : 'unavailable';
    response
      .status(missing.length === 0 ? 200 : 503)
      .set('cache-control', 'no-store')
      .json({ status, missing });
  });
  return router;
}

async function unmetConditions({ pool, database, store, draining }: ReadinessChecks): Promise<string[]> {
  const missing: string[] = [];
  if (draining()) missing.push('the service is shutting down');
  const devices = pool?.devices() ?? [];
  if (pool !== undefined && !devices.some(({ state }) => state === 'READY')) {
    missing.push(`no device is ready: ${devices.map(({ device, state }) => `${device} is ${state}`).join(', ')}`);
  }
  const [databaseCheck, storeCheck] = await Promise.allSettled([
    withTimeout(database.execute(sql`select 1`), 'it did not answer in time'),
    withTimeout(store.check(), 'it did not answer in time'),
  ]);
  if (databaseCheck.status === 'rejected') missing.push('the database does not answer');
  if (storeCheck.status === 'rejected')
    missing.push(`artifacts cannot be stored: ${(storeCheck.reason as Error).message}`);
  return missing;
}

function withTimeout<T>(work: Promise<T>, otherwise: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(otherwise)), ANSWER_MS);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
