/** Decides what follows from an attempt: the delivery succeeds, is retried, or fails, and its webhook may be paused or disabled. */
import type { WebhookRow } from '../storage/tables.js';
import type { DeliveryOutcome } from './claimDeliveries.js';

/** The longest pause that a receiver can ask for. */
const MAX_RETRY_AFTER_MS = 86_400_000;
/** Spreads retries around their scheduled time, so that deliveries that failed together are not retried together. */
const JITTER = 0.2;

export type DeliveryResult =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfterMs: number | undefined }
  | { readonly kind: 'failed'; readonly message: string };

export interface RetryDecision {
  readonly delivery: DeliveryOutcome;
  readonly webhook: Partial<WebhookRow> | undefined;
}

/** @param attempts The number of attempts so far, including this one. */
export function decideRetry(
  attempt: DeliveryResult,
  attempts: number,
  retrySeconds: readonly number[],
  now = Date.now(),
  random: () => number = Math.random,
): RetryDecision {
  const lastStatusCode = attempt.kind === 'answered' ? attempt.status : null;
  const lastError = errorOf(attempt);
  const end = (status: 'SUCCEEDED' | 'FAILED', reason: string | null) =>
    ({ status, lastStatusCode, lastError: reason, nextAttemptAt: null }) as const;
  if (lastError === null) return { delivery: end('SUCCEEDED', null), webhook: undefined };
  if (lastStatusCode === 410) {
    const disabledReason = 'the receiver answered 410 Gone';
    return { delivery: end('FAILED', lastError), webhook: { enabled: false, disabledReason } };
  }
  const heldUntil = holdUntil(attempt, now);
  const webhook = heldUntil === undefined ? undefined : { heldUntil };
  const pause = retrySeconds[attempts - 1];
  if (pause === undefined) {
    return { delivery: end('FAILED', `given up after ${String(attempts)} attempts: ${lastError}`), webhook };
  }
  const scheduled = now + pause * 1000 * (1 + JITTER * (2 * random() - 1));
  const nextAttemptAt = new Date(Math.max(scheduled, heldUntil?.getTime() ?? 0));
  return { delivery: { status: 'PENDING', lastStatusCode, lastError, nextAttemptAt }, webhook };
}

function errorOf(attempt: DeliveryResult): string | null {
  if (attempt.kind === 'failed') return attempt.message;
  const { status } = attempt;
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400) return `answered ${String(status)}; redirects are not followed`;
  return `answered ${String(status)}`;
}

/** With 429 and 503, the receiver can ask for a pause. Then the webhook sends it nothing until the pause is over. */
function holdUntil(attempt: DeliveryResult, now: number): Date | undefined {
  if (attempt.kind !== 'answered' || attempt.retryAfterMs === undefined) return undefined;
  if (attempt.status !== 429 && attempt.status !== 503) return undefined;
  return new Date(now + Math.min(attempt.retryAfterMs, MAX_RETRY_AFTER_MS));
}
