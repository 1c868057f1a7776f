/** The whole configuration, read once from the environment; `config/` has a file for each part of it. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Precision } from './config/devices.js';
import { readDeviceSilence, readDevices, readMaximumRows, readPrecision } from './config/devices.js';
import type { Limits } from './config/limits.js';
import { readLimits } from './config/limits.js';
import type { S3Location } from './config/storage.js';
import { origin, readDatabaseUrl, readS3Location } from './config/storage.js';
import { integer, oneOf, text } from './config/environment.js';
import { longSecret, secretBytes, token } from './config/secrets.js';
import type { JwtConfig } from './config/jwt.js';
import { readJwtConfig } from './config/jwt.js';
import type { WebhookConfig } from './config/webhooks.js';
import { readWebhookConfig } from './config/webhooks.js';
import { StartError } from './errors.js';

export type { Limits, TenantLimits } from './config/limits.js';
export type { WebhookConfig } from './config/webhooks.js';

export interface Config {
  /** `api` answers and draws nothing, `worker` draws and answers nothing but health, `all` does both. */
  readonly role: Role;
  /** A PostgreSQL server; PGlite in the data directory otherwise. */
  readonly databaseUrl: string | undefined;
  /** An S3-compatible store for the artifacts; the data directory otherwise. */
  readonly s3: S3Location | undefined;
  /** Signs URLs; shared by all processes. Otherwise one is made and kept in the data directory. */
  readonly urlSecret: Uint8Array | undefined;
  /** What draws: `cpu`, `cuda:N`, `webgpu`. */
  readonly devices: readonly string[];
  /** Null: what suits each device. */
  readonly precision: Precision | null;
  /** That one evaluation of the denoiser may have; null where what pays is measured. */
  readonly maximumRows: number | null;
  readonly deviceSilenceSeconds: number;
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
  readonly jwt: JwtConfig | undefined;
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

export type Role = (typeof ROLES)[number];

const ROLES = ['all', 'api', 'worker'] as const;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export function readConfig(env: NodeJS.ProcessEnv): Config {
  const databaseUrl = readDatabaseUrl(env);
  const role = oneOf(env, 'ROLE', ROLES, 'all');
  if (role !== 'all' && databaseUrl === undefined) {
    throw new StartError(`ROLE: "${role}" needs DATABASE_URL: the database in DATA_DIR belongs to one process`);
  }
  return {
    role,
    databaseUrl,
    s3: readS3Location(env),
    urlSecret: secretBytes(env, 'URL_SECRET'),
    devices: readDevices(env),
    precision: readPrecision(env),
    maximumRows: readMaximumRows(env),
    deviceSilenceSeconds: readDeviceSilence(env),
    leaseSeconds: integer(env, 'LEASE_SECONDS', 30, 2, 600),
    host: text(env, 'HOST') ?? '127.0.0.1',
    port: integer(env, 'PORT', 4000, 0, 65_535),
    dataDirectory: resolve(text(env, 'DATA_DIR') ?? 'data'),
    modelsDirectory: resolve(text(env, 'MODELS_DIR') ?? fileURLToPath(new URL('../models', import.meta.url))),
    apiKey: token(env, 'DEFECTDIFFU_API_KEY'),
    keyHashSecret: longSecret(env, 'KEY_HASH_SECRET'),
    jwt: readJwtConfig(env),
    defaultModel: text(env, 'DEFAULT_MODEL'),
    publicUrl: origin(env, 'PUBLIC_URL'),
    artifactUrlSeconds: integer(env, 'ARTIFACT_URL_SECONDS', 3600, 1, 7 * 86_400),
    limits: readLimits(env),
    webhooks: readWebhookConfig(env),
    logLevel: oneOf(env, 'LOG_LEVEL', LOG_LEVELS, 'info'),
    metricsToken: token(env, 'METRICS_TOKEN'),
  };
}
