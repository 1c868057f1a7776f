/** Limits of one request, of one tenant, and of the queue. */
import type { Environment } from './environment.js';
import type { SettingName } from './settings.js';
import { integer, optionalInteger } from './environment.js';

/** Limits for one caller; published as `serverInfo.limits`. */
export interface Limits {
  readonly samplesPerGeneration: number;
  readonly generationsPerRequest: number;
  /** Waiting and running samples of all tenants. */
  readonly queuedSamples: number;
  /** And as many photographs. */
  readonly samplesPerExport: number;
  /** The stored size of the photographs of one export. */
  readonly photographBytesPerExport: number;
  /** The size of an uploaded file, whatever it contains. */
  readonly maximumUploadBytes: number;
  /** For tenants without limits of their own. Null means unbounded. */
  readonly tenant: TenantLimits;
  /** Products, defects, and aliases of one import, in total. */
  readonly catalogItems: number;
  /** The size of a tenant's own bundle, packed and unpacked. */
  readonly maximumModelBytes: number;
  /** Models that a tenant may have of its own. */
  readonly modelsPerTenant: number;
  /** Versions of data sets that a tenant may have. */
  readonly dataSetsPerTenant: number;
  /** Photographs and samples of one version. */
  readonly membersPerDataSet: number;
  /** Minutes of one training. */
  readonly trainingMinutes: number;
  /** The size of an uploaded archive of photographs. */
  readonly maximumArchiveBytes: number;
  readonly photographsPerArchive: number;
}

export interface TenantLimits {
  readonly concurrentGenerations: number | null;
  /** Pixels × steps × samples, accepted on one day (UTC). */
  readonly pixelStepsPerDay: number | null;
  readonly storedBytes: number | null;
  /** Operations of the API, per API process. */
  readonly requestsPerMinute: number | null;
  /** After this many days, the samples and events of finished generations are deleted. */
  readonly retentionDays: number | null;
  /** Minutes of trainings, accepted on one day (UTC). */
  readonly trainingMinutesPerDay: number | null;
}

/** The variable that sets each limit for tenants without one of their own, and the range of valid values. */
export const TENANT_LIMIT_SETTINGS: Readonly<Record<keyof TenantLimits, LimitSetting>> = {
  concurrentGenerations: { variable: 'QUOTA_CONCURRENT_GENERATIONS', min: 0, max: 2 ** 31 - 1 },
  pixelStepsPerDay: { variable: 'QUOTA_PIXEL_STEPS_PER_DAY', min: 0, max: Number.MAX_SAFE_INTEGER },
  storedBytes: { variable: 'QUOTA_STORED_BYTES', min: 0, max: Number.MAX_SAFE_INTEGER },
  requestsPerMinute: { variable: 'RATE_LIMIT_PER_MINUTE', min: 1, max: 1_000_000 },
  retentionDays: { variable: 'RETENTION_DAYS', min: 1, max: 36_500 },
  trainingMinutesPerDay: { variable: 'QUOTA_TRAINING_MINUTES_PER_DAY', min: 0, max: 2 ** 31 - 1 },
};

interface LimitSetting {
  readonly variable: SettingName;
  readonly min: number;
  readonly max: number;
}

export function readLimits(env: Environment): Limits {
  return {
    samplesPerGeneration: integer(env, 'MAX_SAMPLES_PER_GENERATION', 1000, 1, 100_000),
    generationsPerRequest: integer(env, 'MAX_GENERATIONS_PER_REQUEST', 100, 1, 1000),
    queuedSamples: integer(env, 'MAX_QUEUED_SAMPLES', 10_000, 1, 10_000_000),
    samplesPerExport: integer(env, 'MAX_EXPORT_SAMPLES', 10_000, 1, 100_000),
    photographBytesPerExport: integer(env, 'MAX_EXPORT_PHOTOGRAPH_BYTES', 4 * 1024 ** 3, 1024, 1024 ** 4),
    maximumUploadBytes: integer(env, 'MAX_UPLOAD_BYTES', 32 * 1024 * 1024, 1024, 1024 * 1024 * 1024),
    catalogItems: integer(env, 'MAX_CATALOG_ITEMS', 10_000, 1, 20_000),
    maximumModelBytes: integer(env, 'MAX_MODEL_BYTES', 128 * 1024 * 1024, 1024, 1024 * 1024 * 1024),
    modelsPerTenant: integer(env, 'MAX_MODELS_PER_TENANT', 20, 0, 1000),
    dataSetsPerTenant: integer(env, 'MAX_DATA_SETS_PER_TENANT', 100, 0, 10_000),
    maximumArchiveBytes: integer(env, 'MAX_ARCHIVE_BYTES', 512 * 1024 * 1024, 1024, 2 ** 31 - 1),
    photographsPerArchive: integer(env, 'MAX_ARCHIVE_PHOTOGRAPHS', 300, 1, 5000),
    membersPerDataSet: integer(env, 'MAX_DATA_SET_MEMBERS', 5000, 1, 20_000),
    trainingMinutes: integer(env, 'MAX_TRAINING_MINUTES', 240, 1, 10_080),
    tenant: {
      concurrentGenerations: tenantLimit(env, 'concurrentGenerations'),
      pixelStepsPerDay: tenantLimit(env, 'pixelStepsPerDay'),
      storedBytes: tenantLimit(env, 'storedBytes'),
      requestsPerMinute: tenantLimit(env, 'requestsPerMinute'),
      retentionDays: tenantLimit(env, 'retentionDays'),
      trainingMinutesPerDay: tenantLimit(env, 'trainingMinutesPerDay'),
    },
  };
}

function tenantLimit(env: Environment, limit: keyof TenantLimits): number | null {
  const { variable, min, max } = TENANT_LIMIT_SETTINGS[limit];
  return optionalInteger(env, variable, min, max);
}
