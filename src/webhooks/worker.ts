/** Delivers what is due, many webhooks at a time. Notifications wake it at once; it also looks by itself. */
import { randomUUID } from 'node:crypto';
import type { WebhookConfig } from '../config.js';
import type { Log } from '../log.js';
import { withFacts } from '../observability/facts.js';
import { webhookAttemptsTotal } from '../observability/instruments.js';
import type { Storage } from '../storage/database.js';
import type { Resolve } from './destination.js';
import { DestinationRefused, resolveByDns } from './destination.js';
import type { Attempt } from './outcome.js';
import { consequenceOf } from './outcome.js';
import { post } from './post.js';
import type { Due } from './queue.js';
import { claimDue, expireDeliveryLeases, handBack, record, removeOld } from './queue.js';
import { WEBHOOK_CHANNEL, typeOf } from './record.js';
import type { SecretBox } from './secrets.js';
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

export interface DeliveryParts {
  readonly storage: Storage;
  readonly config: WebhookConfig;
  readonly box: SecretBox;
  readonly log: Log;
  /** @default DNS */
  readonly resolve?: Resolve;
}

export async function startDeliveries(parts: DeliveryParts): Promise<DeliveryWorker> {
  const { storage, config, box, log, resolve = resolveByDns } = parts;
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

  function claimed(most: number): Promise<readonly Due[]> {
    return claimDue(database, owner, most).catch((error: unknown) => {
      log.error({ err: error }, 'claiming deliveries failed');
      return [];
    });
  }

  function carry(due: Due): void {
    const done = withFacts({ tenant: due.delivery.tenantId }, () => attempt(due))
      .catch((error: unknown) => {
        // The lease runs out, and it is attempted again: at least once, never not at all.
        log.error({ ...factsOf(due), err: error }, 'the end of a delivery was not recorded');
      })
      .finally(() => {
        underWay.delete(done);
        wake();
      });
    underWay.add(done);
  }

  async function attempt(due: Due): Promise<void> {
    const { delivery, webhook } = due;
    const outcome = await send(due);
    if (breakOff.signal.aborted && outcome.kind === 'failed') return handBack(database, owner, delivery.id);
    const consequence = consequenceOf(outcome, delivery.attempts, config.retrySeconds);
    const { status, lastStatusCode, lastError } = consequence.delivery;
    webhookAttemptsTotal.inc({ outcome: status });
    const level = status === 'FAILED' ? 'warn' : 'info';
    log[level](
      { ...factsOf(due), status, statusCode: lastStatusCode, reason: lastError },
      'webhook delivery attempted',
    );
    const changes = consequence.webhook;
    await record(
      database,
      owner,
      delivery.id,
      consequence.delivery,
      changes === undefined ? undefined : { id: webhook.id, changes },
    );
  }

  async function send({ delivery, webhook }: Due): Promise<Attempt> {
    const timeout = AbortSignal.timeout(config.timeoutSeconds * 1000);
    try {
      const headers = signedHeaders(webhook, delivery, box);
      const signal = AbortSignal.any([timeout, breakOff.signal]);
      const answer = await post({ url: webhook.url, headers, body: delivery.body }, config, resolve, signal);
      return { kind: 'answered', ...answer };
    } catch (error) {
      const late = timeout.aborted ? `no answer within ${String(config.timeoutSeconds)} s` : undefined;
      return { kind: 'failed', message: late ?? reasonOf(error) };
    }
  }

  async function cleanUp(): Promise<void> {
    await removeOld(database, new Date(Date.now() - config.retentionDays * DAY_MS)).catch((error: unknown) =>
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
function factsOf({ delivery, webhook }: Due): object {
  const { id, tenantId: tenant, attempts, event } = delivery;
  const host = URL.canParse(webhook.url) ? new URL(webhook.url).host : '';
  return { tenant, webhook: webhook.id, delivery: id, event: typeOf(event), host, attempts };
}

/** In the tenant's words: what they can act on. */
function reasonOf(error: unknown): string {
  if (error instanceof DestinationRefused) return `url ${error.message}`;
  const { code, message } = error as NodeJS.ErrnoException;
  if (message.includes('unable to authenticate data'))
    return 'its secret cannot be read any more; rotate it (rotateWebhookSecret)';
  return `the connection failed: ${code ?? message}`;
}
