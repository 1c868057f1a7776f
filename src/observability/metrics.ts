/**
 * Metrics for Prometheus. They belong to the process, so they are values of this module. No metric has a tenant label:
 * with hundreds of tenants, each would multiply every series.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export const registry = new Registry();
collectDefaultMetrics({ register: registry });

const named = (name: string, help: string) => ({ name: `defectdiffu_${name}`, help, registers: [registry] });

/** Waiting and drawing take milliseconds with a toy model and hours in a long queue. */
const LONG_BUCKETS = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14_400];

export const requestsTotal = new Counter({
  ...named('requests_total', 'GraphQL operations over HTTP and WebSocket. A subscription counts when it starts.'),
  labelNames: ['operation', 'outcome'] as const,
});

export const httpRequestSeconds = new Histogram({
  ...named(
    'http_request_seconds',
    'From the head of an HTTP request to the end of its answer. Streams are not counted.',
  ),
  labelNames: ['route', 'status'] as const,
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
});

const buildInfo = new Gauge({
  ...named('build_info', 'Always 1; the labels tell what runs here.'),
  labelNames: ['version', 'role', 'node'] as const,
});

export function setBuildInfo(version: string, role: string): void {
  buildInfo.set({ version, role, node: process.versions.node }, 1);
}

export const queueSeconds = new Histogram({
  ...named('queue_seconds', 'From a generation being accepted to its first claim.'),
  buckets: LONG_BUCKETS,
});

export const generationSeconds = new Histogram({
  ...named('generation_seconds', 'From a generation being accepted to its end.'),
  labelNames: ['outcome'] as const,
  buckets: LONG_BUCKETS,
});

export const firstSampleSeconds = new Histogram({
  ...named('first_sample_seconds', 'From a generation being accepted to its first stored sample.'),
  buckets: LONG_BUCKETS,
});

export const batchSize = new Histogram({
  ...named('batch_size', 'Samples that shared one evaluation of the denoiser.'),
  labelNames: ['device'] as const,
  buckets: [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64],
});

export const stepSeconds = new Histogram({
  ...named('step_seconds', 'One evaluation of the denoiser and one sampler step of all samples that share it.'),
  labelNames: ['device'] as const,
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
});

export const webhookAttemptsTotal = new Counter({
  ...named('webhook_attempts_total', 'Attempts to deliver to a webhook: SUCCEEDED, PENDING (will be retried), FAILED.'),
  labelNames: ['outcome'] as const,
});

export function secondsSince(moment: Date): number {
  return Math.max(0, (Date.now() - moment.getTime()) / 1000);
}
