/** Metrics and traces of a generation, from its admission to its end. */
import { withLogContext } from '../../observability/logContext.js';
import { generationSeconds, queueSeconds, secondsSince } from '../../observability/metrics.js';
import type { Attributes } from '../../observability/tracing.js';
import { contextFromTraceparent, inSpan, recordPastSpan } from '../../observability/tracing.js';
import type { GenerationRow } from '../../storage/tables.js';
import type { LeaseHolder } from '../../queue/lease.js';
import { isFirstClaim } from './claimGeneration.js';

/** Runs an attempt in the trace of the request that asked for the generation. The first attempt also reports the time in the queue. */
export function traceAttempt(row: GenerationRow, holder: LeaseHolder, attempt: () => Promise<void>): Promise<void> {
  const { id: generation, tenantId: tenant, createdAt, traceparent, attempts, count } = row;
  const parent = contextFromTraceparent(traceparent);
  const attributes = { ...spanAttributes(row), 'defectdiffu.attempt': attempts, 'defectdiffu.samples': count };
  if (isFirstClaim(row, holder)) {
    queueSeconds.observe(secondsSince(createdAt));
    recordPastSpan('queued', createdAt, spanAttributes(row), parent);
  }
  return withLogContext({ generation, tenant }, () => inSpan('generation', { attributes, parent }, attempt));
}

export function recordOutcome({ createdAt }: GenerationRow, outcome: 'succeeded' | 'failed' | 'canceled'): void {
  generationSeconds.observe({ outcome }, secondsSince(createdAt));
}

export function spanAttributes({ id, tenantId }: GenerationRow): Attributes {
  return { 'defectdiffu.generation': id, 'defectdiffu.tenant': tenantId };
}
