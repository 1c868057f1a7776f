/** How much one request, one tenant and the queue may hold. */
import type { Environment } from './reading.js';
import { integer, optionalInteger } from './reading.js';

/** What one caller may ask for; published in `serverInfo.limits`. */
export interface Limits {
  readonly samplesPerGeneration: number;
  readonly generationsPerRequest: number;
  /** Samples of all tenants that may wait or run at a time. */
  readonly queuedSamples: number;
  readonly samplesPerExport: number;
  /** Of the file that is sent, whatever it holds. */
  readonly maximumUploadBytes: number;
  /** Of each tenant that has no bounds of its own; null is no bound. */
  readonly tenant: TenantLimits;
  /** Products, defects and aliases of one import. */
  readonly catalogItems: number;
}

export interface TenantLimits {
  readonly concurrentGenerations: number | null;
  /** Pixels × steps × samples, accepted on one day (UTC). */
  readonly pixelStepsPerDay: number | null;
  readonly storedBytes: number | null;
  /** Operations of the API, per process that answers. */
  readonly requestsPerMinute: number | null;
  /** After so many days generations that are over are deleted, with their samples. */
  readonly retentionDays: number | null;
}

const MOST = Number.MAX_SAFE_INTEGER;

export function readLimits(env: Environment): Limits {
  return {
    samplesPerGeneration: integer(env, 'MAX_SAMPLES_PER_GENERATION', 1000, 1, 100_000),
    generationsPerRequest: integer(env, 'MAX_GENERATIONS_PER_REQUEST', 100, 1, 1000),
    queuedSamples: integer(env, 'MAX_QUEUED_SAMPLES', 10_000, 1, 10_000_000),
    samplesPerExport: integer(env, 'MAX_EXPORT_SAMPLES', 10_000, 1, 100_000),
    maximumUploadBytes: integer(env, 'MAX_UPLOAD_BYTES', 32 * 1024 * 1024, 1024, 1024 * 1024 * 1024),
    catalogItems: integer(env, 'MAX_CATALOG_ITEMS', 10_000, 1, 20_000),
    tenant: {
      concurrentGenerations: optionalInteger(env, 'QUOTA_CONCURRENT_GENERATIONS', 0, MOST),
      pixelStepsPerDay: optionalInteger(env, 'QUOTA_PIXEL_STEPS_PER_DAY', 0, MOST),
      storedBytes: optionalInteger(env, 'QUOTA_STORED_BYTES', 0, MOST),
      requestsPerMinute: optionalInteger(env, 'RATE_LIMIT_PER_MINUTE', 1, 1_000_000),
      retentionDays: optionalInteger(env, 'RETENTION_DAYS', 1, 36_500),
    },
  };
}
