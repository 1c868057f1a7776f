/** What answers: the API with all that its requests share, and the deliveries to webhooks. */
import { createSigner } from '../artifacts/signing.js';
import type { Config } from '../config.js';
import { CHANNEL } from '../generations/events.js';
import { createWakeups } from '../generations/wakeups.js';
import { startWatch } from '../generations/watch.js';
import type { Readiness } from '../http/health.js';
import type { HttpServer } from '../http/server.js';
import { startHttp } from '../http/server.js';
import type { Log } from '../log.js';
import { startLoopMonitor } from '../loopMonitor.js';
import { createRates } from '../tenants/rates.js';
import { createSecretBox } from '../webhooks/secrets.js';
import { startDeliveries } from '../webhooks/worker.js';
import type { WhenClosing } from './closing.js';
import type { Ground } from './ground.js';
import { packageVersion } from './version.js';

export async function startAnswering(
  config: Config,
  { storage, store, models, access, secret }: Ground,
  readiness: Readiness,
  log: Log,
  whenClosing: WhenClosing,
): Promise<HttpServer> {
  const startedAt = new Date();
  const { artifactUrlSeconds: urlSeconds, limits } = config;
  const wakeups = createWakeups();
  whenClosing(await storage.listen(CHANNEL, (id) => wakeups.ring(id)));
  whenClosing(startWatch(storage.database, wakeups));
  const loopMonitor = startLoopMonitor();
  whenClosing(() => loopMonitor.stop());
  const secretBox = createSecretBox(secret);
  const deliveries = await startDeliveries({ storage, config: config.webhooks, box: secretBox, log });
  whenClosing(() => deliveries.stop());
  const parts = {
    config,
    log,
    version: packageVersion(),
    startedAt,
    database: storage.database,
    access,
    store,
    models,
    signer: createSigner(secret, urlSeconds),
    uploadSigner: createSigner(secret, urlSeconds, 'uploads'),
    secretBox,
    wakeups,
    loopMonitor,
    rates: createRates(storage.database, limits.tenant),
  };
  const http = await startHttp(parts, readiness, log);
  whenClosing(() => http.close());
  return http;
}
