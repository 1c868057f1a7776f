/** What is measured and traced of a claimed generation, from its being accepted on. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { SampleRequest, SampleResult } from '../../inference/index.js';
import { withLogContext } from '../../observability/logContext.js';
import { generationSeconds, queueSeconds, secondsSince } from '../../observability/metrics.js';
import type { Attributes, Span } from '../../observability/tracing.js';
import {
  startSpan,
  contextFromTraceparent,
  recordFailure,
  inSpan,
  recordPastSpan,
} from '../../observability/tracing.js';
import type { GenerationRow } from '../../storage/tables.js';
import type { LeaseHolder } from '../../queue/lease.js';
import { isFirstClaim } from './claimGeneration.js';

/** One attempt, in the trace of the request that asked for it; its time in the queue is told with the first. */
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

export interface SampleTelemetry {
  /** Handed to the pool. */
  onSubmitted(request: SampleRequest): void;
  /** The device has begun with it. */
  onStarted(id: string): void;
  /** Runs what is done with the result under a span of its own, beside that of the drawing, which is over. */
  onDrawn<T>(result: SampleResult, storing: () => Promise<T>): Promise<T>;
  /** Nothing more will be drawn. */
  close(error: unknown): void;
}

export function createSampleTelemetry(row: GenerationRow): SampleTelemetry {
  const drawing = new Map<string, Span>();
  // What the pool calls comes from a message of the device's, which knows neither trace nor facts.
  const here = AsyncLocalStorage.snapshot();
  const attributesOf = (id: string): Attributes => ({ ...spanAttributes(row), 'defectdiffu.sample': id });
  return {
    onSubmitted: (request) =>
      void drawing.set(request.id, startSpan('draw sample', { attributes: attributesOf(request.id) })),
    onStarted: (id) => void drawing.get(id)?.addEvent('began on the device'),
    onDrawn({ id }, storing) {
      drawing.get(id)?.end();
      drawing.delete(id);
      return here(() => inSpan('store sample', { attributes: attributesOf(id) }, storing));
    },
    close(error) {
      for (const span of drawing.values()) {
        if (error !== undefined) recordFailure(span, error);
        span.end();
      }
      drawing.clear();
    },
  };
}

function spanAttributes({ id, tenantId }: GenerationRow): Attributes {
  return { 'defectdiffu.generation': id, 'defectdiffu.tenant': tenantId };
}
