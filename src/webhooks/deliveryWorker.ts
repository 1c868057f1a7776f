/** Delivers what is due, many webhooks at a time. Notifications wake it at once; it also looks by itself. */
import { randomUUID } from 'node:crypto';
import type { WebhookConfig } from '../config.js';
import type { Log } from '../log.js';
import { withLogContext } from '../observability/logContext.js';
import { webhookAttemptsTotal } from '../observability/metrics.js';
import type { Storage } from '../storage/database.js';
import type { ResolveHost } from './destination.js';
import { DestinationRefusedError, resolveHostByDns } from './destination.js';
import type { DeliveryResult } from './retryPolicy.js';
import { decideRetry } from './retryPolicy.js';
import { postWebhook } from './postWebhook.js';
import type { ClaimedDelivery } from './claimDeliveries.js';
import {
  claimDeliveries,
  expireDeliveryLeases,
  releaseDelivery,
  recordAttempt,
  deleteOldDeliveries,
} from './claimDeliveries.js';
import { WEBHOOK_CHANNEL, webhookEventType } from './recordDeliveries.js';
import type { SecretBox } from './secretBox.js';
import { signedHeaders } from './signing.js';

/** Attempts under way at a time: far more than the webhooks of a few tenants can hold up. */
const CONCURRENCY = 64;
const POLL_MS = 1_000;
const CLEAN_UP_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** How long attempts under way may take to end when the service ends. */
const GRACE_MS = 2_000;

export interface DeliveryWorker {
  /** Begins no more attempts; those that do not end soon are broken off and handed back. */
  stop(): Promise<void>;
}

export interface DeliveryWorkerOptions {
  readonly storage: Storage;
  readonly config: WebhookConfig;
  readonly box: SecretBox;
  readonly log: Log;
  /** @default DNS */
  readonly resolve?: ResolveHost;
}

export async function startDeliveryWorker(parts: DeliveryWorkerOptions): Promise<DeliveryWorker> {
  const { storage, config, box, log, resolve = resolveHostByDns } = parts;
  const { database } = storage;
  const owner = randomUUID();
  const underWay = new Set<Promise<void>>();
  const breakOff = new AbortController();
  let stopping = false;
  let wake = (): void => undefined;
  const unlisten = await storage.listen(WEBHOOK_CHANNEL, () => wake());
  if (storage.exclusive) await expireDeliveryLeases(database);

  async function loop(): Promise<void> {
    while (!stopping) {
      const heard = news();
      const room = CONCURRENCY - underWay.size;
      const due = room === 0 ? [] : await claimed(room);
      for (const one of due) carry(one);
      if (due.length === 0) await heard;
    }
  }

  /** A notification, the end of an attempt, which makes room, or a while. */
  function news(): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, POLL_MS);
      wake = () => (clearTimeout(timer), done());
    });
  }

  function claimed(most: number): Promise<readonly ClaimedDelivery[]> {
    return claimDeliveries(database, owner, most).catch((error: unknown) => {
      log.error({ err: error }, 'claiming deliveries failed');
      return [];
    });
  }

  function carry(due: ClaimedDelivery): void {
    const done = withLogContext({ tenant: due.delivery.tenantId }, () => attempt(due))
      .catch((error: unknown) => {
        // The lease runs out, and it is attempted again: at least once, never not at all.
        log.error({ ...logContext(due), err: error }, 'the end of a delivery was not recorded');
      })
      .finally(() => {
        underWay.delete(done);
        wake();
      });
    underWay.add(done);
  }

  async function attempt(due: ClaimedDelivery): Promise<void> {
    const { delivery, webhook } = due;
    const outcome = await send(due);
    if (breakOff.signal.aborted && outcome.kind === 'failed') return releaseDelivery(database, owner, delivery.id);
    const consequence = decideRetry(outcome, delivery.attempts, config.retrySeconds);
    const { status, lastStatusCode, lastError } = consequence.delivery;
    webhookAttemptsTotal.inc({ outcome: status });
    const level = status === 'FAILED' ? 'warn' : 'info';
    log[level](
      { ...logContext(due), status, statusCode: lastStatusCode, reason: lastError },
      'webhook delivery attempted',
    );
    const changes = consequence.webhook;
    await recordAttempt(
      database,
      owner,
      delivery.id,
      consequence.delivery,
      changes === undefined ? undefined : { id: webhook.id, changes },
    );
  }

  async function send({ delivery, webhook }: ClaimedDelivery): Promise<DeliveryResult> {
    const timeout = AbortSignal.timeout(config.timeoutSeconds * 1000);
    try {
      const headers = signedHeaders(webhook, delivery, box);
      const signal = AbortSignal.any([timeout, breakOff.signal]);
      const answer = await postWebhook({ url: webhook.url, headers, body: delivery.body }, config, resolve, signal);
      return { kind: 'answered', ...answer };
    } catch (error) {
      const late = timeout.aborted ? `no answer within ${String(config.timeoutSeconds)} s` : undefined;
      return { kind: 'failed', message: late ?? failureMessage(error) };
    }
  }

  async function cleanUp(): Promise<void> {
    await deleteOldDeliveries(database, new Date(Date.now() - config.retentionDays * DAY_MS)).catch((error: unknown) =>
      log.error({ err: error }, 'removing old deliveries failed'),
    );
  }

  const looping = loop();
  let cleaning = cleanUp();
  const cleaner = setInterval(() => void (cleaning = cleanUp()), CLEAN_UP_MS).unref();
  return {
    async stop() {
      stopping = true;
      clearInterval(cleaner);
      wake();
      const grace = setTimeout(() => breakOff.abort(), GRACE_MS);
      await looping;
      await Promise.all([...underWay, cleaning]);
      clearTimeout(grace);
      await unlisten();
    },
  };
}

/** Of the URL the host alone: the rest may be a secret of the receiver's. */
function logContext({ delivery, webhook }: ClaimedDelivery): object {
  const { id, tenantId: tenant, attempts, event } = delivery;
  const host = URL.canParse(webhook.url) ? new URL(webhook.url).host : '';
  return { tenant, webhook: webhook.id, delivery: id, event: webhookEventType(event), host, attempts };
}

/** In the tenant's words: what they can act on. */
function failureMessage(error: unknown): string {
  if (error instanceof DestinationRefusedError) return `url ${error.message}`;
  const { code, message } = error as NodeJS.ErrnoException;
  if (message.includes('unable to authenticate data'))
    return 'its secret cannot be read any more; rotate it (rotateWebhookSecret)';
  return `the connection failed: ${code ?? message}`;
}
