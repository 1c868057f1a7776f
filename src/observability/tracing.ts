/**
 * Spans through the OpenTelemetry API. Without an SDK, which the operator provides, they have no effect. A generation
 * outlives its request and often its process, so its row stores a `traceparent` (W3C), from which its trace continues.
 */
import type { Attributes, Context, Span, SpanOptions } from '@opentelemetry/api';
import { ROOT_CONTEXT, SpanStatusCode, context, isSpanContextValid, trace } from '@opentelemetry/api';

const tracer = trace.getTracer('defectdiffu');
const FORM = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

export type { Attributes, Span } from '@opentelemetry/api';

/** The span is the parent of everything that `work` starts, and ends with it. */
export async function inSpan<T>(
  name: string,
  options: SpanOptions & { readonly parent?: Context },
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const { parent = context.active(), ...rest } = options;
  return tracer.startActiveSpan(name, rest, parent, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      recordFailure(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Starts a span that is ended elsewhere. */
export function startSpan(name: string, options: SpanOptions = {}, parent = context.active()): Span {
  return tracer.startSpan(name, options, parent);
}

/** Records a span that is already over. */
export function recordPastSpan(name: string, from: Date, attributes: Attributes, parent: Context): void {
  tracer.startSpan(name, { startTime: from, attributes }, parent).end();
}

function recordFailure(span: Span, error: unknown): void {
  span.recordException(error as Error);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** Runs `work` with the span as parent. */
export function withSpan<T>(span: Span, work: () => T): T {
  return context.with(trace.setSpan(context.active(), span), work);
}

/** The traceparent of the current span, or null without tracing. */
export function currentTraceparent(): string | null {
  const now = trace.getSpanContext(context.active());
  if (now === undefined || !isSpanContextValid(now)) return null;
  return `00-${now.traceId}-${now.spanId}-${now.traceFlags.toString(16).padStart(2, '0')}`;
}

/** Parses a traceparent from a header or a row. An invalid one starts a new trace. */
export function contextFromTraceparent(traceparent: string | null | undefined): Context {
  const [, traceId = '', spanId = '', flags = '00'] = FORM.exec(traceparent ?? '') ?? [];
  const remote = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  return isSpanContextValid(remote) ? trace.setSpanContext(ROOT_CONTEXT, remote) : ROOT_CONTEXT;
}
