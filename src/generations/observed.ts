/** What is measured and traced of a claimed generation, from its being accepted on. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { SampleRequest, SampleResult } from '../inference/index.js';
import { withFacts } from '../observability/facts.js';
import { generationSeconds, queueSeconds, secondsSince } from '../observability/instruments.js';
import type { Attributes, Span } from '../observability/tracing.js';
import { beginSpan, contextOf, fail, inSpan, pastSpan } from '../observability/tracing.js';
import type { GenerationRow } from '../storage/tables.js';
import type { Holder } from './queue.js';
import { isFirstClaim } from './queue.js';

/** One attempt, in the trace of the request that asked for it; its time in the queue is told with the first. */
export function observeAttempt(row: GenerationRow, holder: Holder, attempt: () => Promise<void>): Promise<void> {
  const { id: generation, tenantId: tenant, createdAt, traceparent, attempts, count } = row;
  const parent = contextOf(traceparent);
  const attributes = { ...about(row), 'defectdiffu.attempt': attempts, 'defectdiffu.samples': count };
  if (isFirstClaim(row, holder)) {
    queueSeconds.observe(secondsSince(createdAt));
    pastSpan('queued', createdAt, about(row), parent);
  }
  return withFacts({ generation, tenant }, () => inSpan('generation', { attributes, parent }, attempt));
}

export function observeEnd({ createdAt }: GenerationRow, outcome: 'succeeded' | 'failed' | 'canceled'): void {
  generationSeconds.observe({ outcome }, secondsSince(createdAt));
}

export interface DrawObserver {
  /** Handed to the pool. */
  begun(request: SampleRequest): void;
  /** The device has begun with it. */
  started(id: string): void;
  /** Runs what is done with the result under a span of its own, beside that of the drawing, which is over. */
  drawn<T>(result: SampleResult, storing: () => Promise<T>): Promise<T>;
  /** Nothing more will be drawn. */
  close(error: unknown): void;
}

export function observeDraw(row: GenerationRow): DrawObserver {
  const drawing = new Map<string, Span>();
  // What the pool calls comes from a message of the device's, which knows neither trace nor facts.
  const here = AsyncLocalStorage.snapshot();
  const attributesOf = (id: string): Attributes => ({ ...about(row), 'defectdiffu.sample': id });
  return {
    begun: (request) =>
      void drawing.set(request.id, beginSpan('draw sample', { attributes: attributesOf(request.id) })),
    started: (id) => void drawing.get(id)?.addEvent('began on the device'),
    drawn({ id }, storing) {
      drawing.get(id)?.end();
      drawing.delete(id);
      return here(() => inSpan('store sample', { attributes: attributesOf(id) }, storing));
    },
    close(error) {
      for (const span of drawing.values()) {
        if (error !== undefined) fail(span, error);
        span.end();
      }
      drawing.clear();
    },
  };
}

function about({ id, tenantId }: GenerationRow): Attributes {
  return { 'defectdiffu.generation': id, 'defectdiffu.tenant': tenantId };
}
