/** What answers: the API with all that its requests share, and the deliveries to webhooks. */
import { createSigner } from '../artifacts/signing.js';
import type { Config } from '../config.js';
import { GENERATION_CHANNEL } from '../generations/events/generationEvents.js';
import { createWaiters } from '../queue/waiters.js';
import { startEventPoller } from '../generations/events/eventPoller.js';
import type { Readiness } from '../http/health.js';
import type { HttpServer } from '../http/server.js';
import { startHttp } from '../http/server.js';
import type { Log } from '../log.js';
import { startLoopMonitor } from '../loopMonitor.js';
import { createRates } from '../tenants/rates.js';
import { createSecretBox } from '../webhooks/secretBox.js';
import { startDeliveryWorker } from '../webhooks/deliveryWorker.js';
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
  const waiters = createWaiters();
  whenClosing(await storage.listen(GENERATION_CHANNEL, (id) => waiters.notify(id)));
  whenClosing(startEventPoller(storage.database, waiters));
  const loopMonitor = startLoopMonitor();
  whenClosing(() => loopMonitor.stop());
  const secretBox = createSecretBox(secret);
  const deliveries = await startDeliveryWorker({ storage, config: config.webhooks, box: secretBox, log });
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
    waiters,
    loopMonitor,
    rates: createRates(storage.database, limits.tenant),
  };
  const http = await startHttp(parts, readiness, log);
  whenClosing(() => http.close());
  return http;
}
