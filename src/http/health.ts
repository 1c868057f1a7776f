/** /livez: the process answers. /readyz: it can do its work; if not, it says what is missing. */
import { sql } from 'drizzle-orm';
import { Router } from 'express';
import type { InferencePool } from '../inference/index.js';
import type { Database } from '../storage/database.js';

export interface Readiness {
  readonly pool: InferencePool;
  readonly database: Database;
  /** True once the service is shutting down. */
  draining(): boolean;
}

export function health(parts: Readiness): Router {
  const router = Router();
  router.get('/livez', (_request, response) => {
    response.set('cache-control', 'no-store').json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    const missing = await whatIsMissing(parts);
    const status = missing.length === 0 ? 'ok' : 'unavailable';
    response
      .status(missing.length === 0 ? 200 : 503)
      .set('cache-control', 'no-store')
      .json({ status, missing });
  });
  return router;
}

async function whatIsMissing({ pool, database, draining }: Readiness): Promise<string[]> {
  const missing: string[] = [];
  if (draining()) missing.push('the service is shutting down');
  const states = pool.devices().map(({ device, state }) => `${device} is ${state}`);
  if (!pool.devices().some(({ state }) => state === 'READY')) missing.push(`no device is ready: ${states.join(', ')}`);
  await database.execute(sql`select 1`).catch(() => missing.push('the database does not answer'));
  return missing;
}
