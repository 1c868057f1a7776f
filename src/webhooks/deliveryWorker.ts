/** Sends the deliveries that are due, for many webhooks at a time. */
import { randomUUID } from 'node:crypto';
import type { WebhookConfig } from '../config.js';
import type { Log } from '../log.js';
import { withLogContext } from '../observability/logContext.js';
import { webhookAttemptsTotal } from '../observability/metrics.js';
import type { WorkerLoop } from '../queue/workerLoop.js';
import { startWorkerLoop } from '../queue/workerLoop.js';
import type { Storage } from '../storage/database.js';
import type { ClaimedDelivery } from './claimDeliveries.js';
import {
  LEASE_SECONDS,
  claimDeliveries,
  deleteOldDeliveries,
  deliveryLease,
  recordAttempt,
  releaseDelivery,
} from './claimDeliveries.js';
import type { ResolveHost } from './destination.js';
import { DestinationRefusedError, resolveHostByDns } from './destination.js';
import { removeOldMessages } from './mqttOutbox.js';
import { postWebhook } from './postWebhook.js';
import { WEBHOOK_CHANNEL, webhookEventType } from './deliverEvent.js';
import type { DeliveryResult } from './retryPolicy.js';
import { decideRetry } from './retryPolicy.js';
import type { SecretBox } from './secretBox.js';
import { signedHeaders } from './signing.js';

/** Attempts in flight at a time: far more than the webhooks of a few tenants can block. */
const CONCURRENCY = 64;
const CLEAN_UP_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** How long attempts in flight may take when the service stops. */
const GRACE_MS = 2_000;

export interface DeliveryWorkerOptions {
  readonly storage: Storage;
  readonly config: WebhookConfig;
  readonly box: SecretBox;
  readonly log: Log;
  /** @default DNS */
  readonly resolve?: ResolveHost;
}

export async function startDeliveryWorker(options: DeliveryWorkerOptions): Promise<WorkerLoop> {
  const { storage, config, box, log, resolve = resolveHostByDns } = options;
  const { database } = storage;
  const owner = randomUUID();

  const run = (claimed: ClaimedDelivery, signal: AbortSignal): Promise<void> =>
    withLogContext({ tenant: claimed.delivery.tenantId }, () => attempt(claimed, signal));

  async function attempt(claimed: ClaimedDelivery, signal: AbortSignal): Promise<void> {
    const { delivery, webhook } = claimed;
    const result = await send(claimed, signal);
    if (result.kind === 'failed') signal.throwIfAborted();
    const decision = decideRetry(result, delivery.attempts, config.retrySeconds);
    const { status, lastStatusCode, lastError } = decision.delivery;
    webhookAttemptsTotal.inc({ outcome: status });
    const level = status === 'FAILED' ? 'warn' : 'info';
    const context = { ...logContext(claimed), status, statusCode: lastStatusCode, reason: lastError };
    log[level](context, 'webhook delivery attempted');
    const changes =
      decision.webhook === undefined ? undefined : { id: webhook.id, url: webhook.url, changes: decision.webhook };
    await recordAttempt(database, owner, delivery.id, decision.delivery, changes);
  }

  async function send({ delivery, webhook }: ClaimedDelivery, stopped: AbortSignal): Promise<DeliveryResult> {
    const timeout = AbortSignal.timeout(config.timeoutSeconds * 1000);
    try {
      const headers = signedHeaders(webhook, delivery, box);
      const signal = AbortSignal.any([timeout, stopped]);
      const response = await postWebhook({ url: webhook.url, headers, body: delivery.body }, config, resolve, signal);
      return { kind: 'answered', ...response };
    } catch (error) {
      const late = timeout.aborted ? `no answer within ${String(config.timeoutSeconds)} s` : undefined;
      return { kind: 'failed', message: late ?? failureMessage(error) };
    }
  }

  const loop = await startWorkerLoop<ClaimedDelivery>({
    name: 'webhook delivery',
    storage,
    log,
    channel: WEBHOOK_CHANNEL,
    lease: deliveryLease,
    holder: { owner, leaseSeconds: LEASE_SECONDS },
    graceMs: GRACE_MS,
    capacity: (running) => CONCURRENCY - running.length,
    claim: (most) => claimDeliveries(database, owner, most),
    idOf: ({ delivery }) => delivery.id,
    logContext,
    run,
    release: ({ delivery }) => releaseDelivery(database, owner, delivery.id),
    // The lease runs out, and the delivery is attempted again: at least once, never not at all.
    fail: (_, error) => Promise.reject(error as Error),
  });

  async function cleanUp(): Promise<void> {
    const before = new Date(Date.now() - config.retentionDays * DAY_MS);
    await Promise.all([deleteOldDeliveries(database, before), removeOldMessages(database)]).catch((error: unknown) =>
      log.error({ err: error }, 'removing old deliveries failed'),
    );
  }

  let cleaning = cleanUp();
  const cleaner = setInterval(() => void (cleaning = cleanUp()), CLEAN_UP_MS).unref();
  return {
    async stop() {
      clearInterval(cleaner);
      await loop.stop();
      await cleaning;
    },
  };
}

/** Names the host of the URL alone, because the rest may be a secret of the receiver. */
function logContext({ delivery, webhook }: ClaimedDelivery): object {
  const { id, tenantId: tenant, attempts, event } = delivery;
  const host = URL.canParse(webhook.url) ? new URL(webhook.url).host : '';
  return { tenant, webhook: webhook.id, delivery: id, event: webhookEventType(event), host, attempts };
}

/** What the tenant is told, in terms of what they can change. */
function failureMessage(error: unknown): string {
  if (error instanceof DestinationRefusedError) return `url ${error.message}`;
  const { code, message } = error as NodeJS.ErrnoException;
  if (message.includes('unable to authenticate data'))
    return 'its secret cannot be read any more; rotate it (rotateWebhookSecret)';
  return `the connection failed: ${code ?? message}`;
}
