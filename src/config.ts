/** The whole configuration, read once from the environment. Nothing else reads `process.env`. */
import { fileURLToPath } from 'node:url';
import { resolve } from 'node:path';
import type { S3Place } from './artifacts/s3Store.js';
import ipaddr from 'ipaddr.js';
import { StartError } from './errors.js';
import type { TokenConfig } from './tenants/tokenConfig.js';
import { readTokenConfig } from './tenants/tokenConfig.js';

export interface Config {
  /** `api` answers and draws nothing, `worker` draws and answers nothing but health, `all` does both. */
  readonly role: Role;
  /** A PostgreSQL server; PGlite in the data directory otherwise. */
  readonly databaseUrl: string | undefined;
  /** An S3-compatible store for the artifacts; the data directory otherwise. */
  readonly s3: S3Place | undefined;
  /** Signs URLs; shared by all processes. Otherwise one is made and kept in the data directory. */
  readonly urlSecret: Uint8Array | undefined;
  /** What draws: `cpu`, `cuda:N`, `webgpu`. */
  readonly devices: readonly string[];
  /** How long after its last sign of life the work of a process is taken over by another. */
  readonly leaseSeconds: number;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Everything the service writes lies under it. */
  readonly dataDirectory: string;
  readonly modelsDirectory: string;
  /** Sets the API key of the default tenant; otherwise one is generated at the first start. */
  readonly apiKey: string | undefined;
  /** Under which keys are hashed; otherwise one is made at the first start. Machines that share a database share it. */
  readonly keyHashSecret: string | undefined;
  /** Undefined where no JSON Web Tokens are taken. */
  readonly tokens: TokenConfig | undefined;
  /** "name" or "name@version"; otherwise the newest version of the first bundle by name. */
  readonly defaultModel: string | undefined;
  /** The origin that signed URLs start with; otherwise that of the request. */
  readonly publicUrl: string | undefined;
  readonly artifactUrlSeconds: number;
  readonly limits: Limits;
  readonly webhooks: WebhookConfig;
  readonly logLevel: string;
  /** Wanted by /metrics; otherwise that is for this machine alone. */
  readonly metricsToken: string | undefined;
}

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

/** What sets the bound of tenants without one of their own, and between what any bound must lie. */
export const TENANT_BOUNDS: Readonly<Record<keyof TenantLimits, Bounded>> = {
  concurrentGenerations: { variable: 'QUOTA_CONCURRENT_GENERATIONS', min: 0, max: 2 ** 31 - 1 },
  pixelStepsPerDay: { variable: 'QUOTA_PIXEL_STEPS_PER_DAY', min: 0, max: Number.MAX_SAFE_INTEGER },
  storedBytes: { variable: 'QUOTA_STORED_BYTES', min: 0, max: Number.MAX_SAFE_INTEGER },
  requestsPerMinute: { variable: 'RATE_LIMIT_PER_MINUTE', min: 1, max: 1_000_000 },
  retentionDays: { variable: 'RETENTION_DAYS', min: 1, max: 36_500 },
};

interface Bounded {
  readonly variable: string;
  readonly min: number;
  readonly max: number;
}

export type Role = (typeof ROLES)[number];

const ROLES = ['all', 'api', 'worker'] as const;

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export interface WebhookConfig {
  /** Otherwise https alone. */
  readonly allowHttp: boolean;
  /** CIDRs that may be reached although they are not of the public internet. */
  readonly allowNetworks: readonly string[];
  /** How long after each failed attempt the next one comes; after the last of them a delivery is given up. */
  readonly retrySeconds: readonly number[];
  readonly timeoutSeconds: number;
  /** How long deliveries stay on record. */
  readonly retentionDays: number;
  readonly perTenant: number;
}

/** The schedule of the Standard Webhooks specification: three days. */
const RETRY_SECONDS = '5,300,1800,7200,18000,36000,50400,72000,86400';

export function readConfig(env: NodeJS.ProcessEnv): Config {
  const databaseUrl = database(env);
  const role = oneOf(env, 'ROLE', ROLES, 'all');
  if (role !== 'all' && databaseUrl === undefined) {
    throw new StartError(`ROLE: "${role}" needs DATABASE_URL: the database in DATA_DIR belongs to one process`);
  }
  return {
    role,
    databaseUrl,
    s3: s3Place(env),
    urlSecret: sharedSecret(env, 'URL_SECRET'),
    devices: deviceNames(env),
    leaseSeconds: integer(env, 'LEASE_SECONDS', 30, 2, 600),
    host: text(env, 'HOST') ?? '127.0.0.1',
    port: integer(env, 'PORT', 4000, 0, 65_535),
    dataDirectory: resolve(text(env, 'DATA_DIR') ?? 'data'),
    modelsDirectory: resolve(text(env, 'MODELS_DIR') ?? fileURLToPath(new URL('../models', import.meta.url))),
    apiKey: token(env, 'DEFECTDIFFU_API_KEY'),
    keyHashSecret: longSecret(env, 'KEY_HASH_SECRET'),
    tokens: readTokenConfig(env),
    defaultModel: text(env, 'DEFAULT_MODEL'),
    publicUrl: origin(env, 'PUBLIC_URL'),
    artifactUrlSeconds: integer(env, 'ARTIFACT_URL_SECONDS', 3600, 1, 7 * 86_400),
    limits: {
      samplesPerGeneration: integer(env, 'MAX_SAMPLES_PER_GENERATION', 1000, 1, 100_000),
      generationsPerRequest: integer(env, 'MAX_GENERATIONS_PER_REQUEST', 100, 1, 1000),
      queuedSamples: integer(env, 'MAX_QUEUED_SAMPLES', 10_000, 1, 10_000_000),
      samplesPerExport: integer(env, 'MAX_EXPORT_SAMPLES', 10_000, 1, 100_000),
      maximumUploadBytes: integer(env, 'MAX_UPLOAD_BYTES', 32 * 1024 * 1024, 1024, 1024 * 1024 * 1024),
      catalogItems: integer(env, 'MAX_CATALOG_ITEMS', 10_000, 1, 20_000),
      tenant: {
        concurrentGenerations: tenantLimit(env, 'concurrentGenerations'),
        pixelStepsPerDay: tenantLimit(env, 'pixelStepsPerDay'),
        storedBytes: tenantLimit(env, 'storedBytes'),
        requestsPerMinute: tenantLimit(env, 'requestsPerMinute'),
        retentionDays: tenantLimit(env, 'retentionDays'),
      },
    },
    webhooks: {
      allowHttp: oneOf(env, 'WEBHOOK_ALLOW_HTTP', ['true', 'false'], 'false') === 'true',
      allowNetworks: list(env, 'WEBHOOK_ALLOW_NETWORKS', '', isNetwork, 'a network such as 10.0.0.0/8'),
      retrySeconds: list(env, 'WEBHOOK_RETRY_SECONDS', RETRY_SECONDS, isDuration, 'a number of seconds').map(Number),
      timeoutSeconds: integer(env, 'WEBHOOK_TIMEOUT_SECONDS', 10, 1, 30),
      retentionDays: integer(env, 'WEBHOOK_RETENTION_DAYS', 30, 1, 3650),
      perTenant: integer(env, 'MAX_WEBHOOKS', 10, 0, 1000),
    },
    logLevel: oneOf(env, 'LOG_LEVEL', LOG_LEVELS, 'info'),
    metricsToken: token(env, 'METRICS_TOKEN'),
  };
}

function text(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

function integer(env: NodeJS.ProcessEnv, name: string, fallback: number, min: number, max: number): number {
  const value = text(env, name);
  if (value === undefined) return fallback;
  if (/^\d+$/.test(value) && Number(value) >= min && Number(value) <= max) return Number(value);
  throw new StartError(`${name}: "${value}" is not a whole number in ${String(min)} … ${String(max)}`);
}

function tenantLimit(env: NodeJS.ProcessEnv, limit: keyof TenantLimits): number | null {
  const { variable, min, max } = TENANT_BOUNDS[limit];
  return text(env, variable) === undefined ? null : integer(env, variable, min, min, max);
}

function oneOf<T extends string>(env: NodeJS.ProcessEnv, name: string, values: readonly T[], fallback: T): T {
  const value = text(env, name) ?? fallback;
  const found = values.find((each) => each === value);
  if (found !== undefined) return found;
  throw new StartError(`${name}: "${value}" is not one of ${values.join(', ')}`);
}

function list(
  env: NodeJS.ProcessEnv,
  name: string,
  fallback: string,
  isSound: (item: string) => boolean,
  what: string,
): readonly string[] {
  const items = (text(env, name) ?? fallback)
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  const wrong = items.find((item) => !isSound(item));
  if (wrong === undefined) return items;
  throw new StartError(`${name}: "${wrong}" is not ${what}`);
}

const isNetwork = (item: string): boolean => ipaddr.isValidCIDR(item);
const isDuration = (item: string): boolean => /^\d+(\.\d+)?$/.test(item) && Number(item) <= 7 * 86_400;

function token(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const key = text(env, name);
  if (key === undefined || /^[\x21-\x7e]{8,200}$/.test(key)) return key;
  throw new StartError(`${name}: must be 8 to 200 printable ASCII characters without spaces`);
}

function longSecret(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = text(env, name);
  if (value === undefined || value.length >= 32) return value;
  throw new StartError(
    `${name}: must have 32 characters or more, not ${String(value.length)}; "openssl rand -hex 32" makes one`,
  );
}

function origin(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = text(env, name);
  if (value === undefined) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  throw new StartError(
    `${name}: "${value}" is not an http(s) origin, such as https://defects.example.com, without a path`,
  );
}

function database(env: NodeJS.ProcessEnv): string | undefined {
  const value = text(env, 'DATABASE_URL');
  if (value === undefined || (/^postgres(ql)?:\/\//.test(value) && URL.canParse(value))) return value;
  // Not shown: it may hold a password.
  throw new StartError('DATABASE_URL: is not a URL of the form postgres://user:password@host:port/database');
}

function s3Place(env: NodeJS.ProcessEnv): S3Place | undefined {
  const value = text(env, 'ARTIFACTS');
  if (value === undefined) return undefined;
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(\/.*)?$/.exec(value) ?? [];
  if (bucket === undefined) throw new StartError(`ARTIFACTS: "${value}" is not of the form s3://bucket/prefix`);
  return {
    bucket,
    prefix: path
      .split('/')
      .filter((part) => part !== '')
      .join('/'),
    endpoint: origin(env, 'S3_ENDPOINT'),
    publicEndpoint: origin(env, 'S3_PUBLIC_ENDPOINT'),
    region: text(env, 'S3_REGION') ?? 'us-east-1',
    pathStyle: oneOf(env, 'S3_FORCE_PATH_STYLE', ['true', 'false'], 'false') === 'true',
  };
}

const SECRET_BYTES = 32;

/** 32 bytes, as hexadecimal digits or base64. */
function sharedSecret(env: NodeJS.ProcessEnv, name: string): Uint8Array | undefined {
  const value = text(env, name);
  if (value === undefined) return undefined;
  const bytes = /^[0-9a-f]{64}$/i.test(value) ? Buffer.from(value, 'hex') : Buffer.from(value, 'base64');
  if (bytes.length === SECRET_BYTES) return bytes;
  throw new StartError(`${name}: must be ${String(SECRET_BYTES)} bytes, as hexadecimal digits or base64`);
}

function deviceNames(env: NodeJS.ProcessEnv): readonly string[] {
  const names = (text(env, 'DEVICES') ?? 'cpu').split(',').map((name) => name.trim());
  for (const name of names) {
    if (!/^(cpu|webgpu|cuda:\d{1,2})$/.test(name)) {
      throw new StartError(`DEVICES: "${name}" is not one of cpu, webgpu, cuda:0, cuda:1 …`);
    }
  }
  if (new Set(names).size < names.length) throw new StartError(`DEVICES: "${names.join(',')}" names a device twice`);
  return names;
}
