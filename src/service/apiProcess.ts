/** The parts of an API process: the API with everything that its requests share, and webhook deliveries. */
import { readFile } from 'node:fs/promises';
import { createUrlSigner } from '../artifacts/urlSigning.js';
import type { Config } from '../config.js';
import { createFairSemaphore } from '../fairSemaphore.js';
import { createFairTurns } from '../fairTurns.js';
import { ANY_GENERATION, GENERATION_CHANNEL } from '../generations/events/generationEvents.js';
import { REVIEW_CHANNEL } from '../generations/samples/reviews.js';
import { createWaiters } from '../queue/waiters.js';
import { DECODING } from '../references/decodingWeight.js';
import { startEventPoller } from '../generations/events/eventPoller.js';
import type { ReadinessChecks } from '../http/health.js';
import type { SignInLink } from '../http/signInLink.js';
import { createSignInLink } from '../http/signInLink.js';
import { startHttp } from '../http/server.js';
import type { Log } from '../log.js';
import { startEventLoopMonitor } from '../observability/eventLoopMonitor.js';
import type { AccessControl } from '../tenants/accessControl.js';
import { ANY_TRAINING, TRAINING_CHANNEL } from '../trainings/trainingEvents.js';
import { createRateLimiter } from '../tenants/rateLimiter.js';
import { createSecretBox } from '../webhooks/secretBox.js';
import { startDeliveryWorker } from '../webhooks/deliveryWorker.js';
import { startMqttPublisher } from '../webhooks/mqttPublisher.js';
import type { Defer } from './disposables.js';
import type { Resources } from './resources.js';
import { packageVersion } from './version.js';

/** Each may hold the largest body and the largest answer; the connections to PostgreSQL are ten. */
const OPERATIONS = { total: Infinity, perTenant: 4, waitingPerTenant: 1_000, what: 'operations' };

/**
 * The embedded database executes one statement at a time on this event loop. So more executions of one tenant would not
 * be faster, and each statement of another tenant would wait for one of each.
 */
const EXECUTIONS = { ...OPERATIONS, what: 'executions' };
const EMBEDDED_EXECUTIONS = { ...EXECUTIONS, perTenant: 1 };

export interface Api {
  /** The URL of the GraphQL endpoint. */
  readonly url: string;
  /** Signs in to the console once, if this start generated a key and only this machine can use the link. */
  readonly signInUrl: string | undefined;
}

export async function startApi(
  config: Config,
  { storage, store, models, access, secret, keyFile }: Resources,
  readiness: ReadinessChecks,
  log: Log,
  defer: Defer,
): Promise<Api> {
  const startedAt = new Date();
  const { artifactUrlSeconds: urlSeconds, limits } = config;
  const waiters = createWaiters();
  const onNews =
    (anyId: string) =>
    (id: string): void => {
      waiters.notify(id);
      waiters.notify(anyId);
    };
  defer(await storage.listen(GENERATION_CHANNEL, onNews(ANY_GENERATION)));
  defer(await storage.listen(REVIEW_CHANNEL, (tenantId) => waiters.notify(tenantId)));
  defer(await storage.listen(TRAINING_CHANNEL, onNews(ANY_TRAINING)));
  defer(startEventPoller(storage.database, waiters));
  const eventLoopMonitor = startEventLoopMonitor();
  defer(() => eventLoopMonitor.stop());
  const secretBox = createSecretBox(secret);
  const deliveries = await startDeliveryWorker({ storage, config: config.webhooks, box: secretBox, log });
  defer(() => deliveries.stop());
  if (config.mqtt !== undefined) {
    const publisher = await startMqttPublisher(storage, config.mqtt, log);
    defer(() => publisher.stop());
  }
  const services = {
    config,
    log,
    version: packageVersion(),
    startedAt,
    database: storage.database,
    access,
    store,
    models,
    signer: createUrlSigner(secret, urlSeconds),
    uploadSigner: createUrlSigner(secret, urlSeconds, 'uploads'),
    secretBox,
    waiters,
    eventLoopMonitor,
    rateLimiter: createRateLimiter(storage.database, limits.tenant),
    turns: createFairTurns(),
    operations: createFairSemaphore(OPERATIONS),
    decoding: createFairSemaphore(DECODING),
    executions: createFairSemaphore(config.databaseUrl === undefined ? EMBEDDED_EXECUTIONS : EXECUTIONS),
  };
  const link = keyFile === undefined ? undefined : await linkFor(keyFile, config, access);
  const http = await startHttp(services, readiness, log, link);
  defer(() => http.close());
  const signInUrl = link === undefined ? undefined : new URL(`/?sign-in=${link.code}`, http.url).href;
  return { url: http.url, signInUrl };
}

async function linkFor(keyFile: string, config: Config, access: AccessControl): Promise<SignInLink | undefined> {
  const key = (await readFile(keyFile, 'utf8')).trim();
  return createSignInLink(config, await access.authenticate(`Bearer ${key}`));
}
