/** The whole configuration, read once from the environment. Each file in `config/` reads one part of it. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Precision } from './config/devices.js';
import { readDeviceSilence, readDevices, readMaximumRows, readPrecision } from './config/devices.js';
import type { Limits } from './config/limits.js';
import { readLimits } from './config/limits.js';
import type { S3Location } from './config/storage.js';
import { origin, readCorsOrigins, readDatabaseUrl, readS3Location } from './config/storage.js';
import { flag, integer, oneOf, text } from './config/environment.js';
import { longSecret, secretBytes, token } from './config/secrets.js';
import type { ConsoleConfig } from './config/console.js';
import { readConsoleConfig } from './config/console.js';
import type { JwtConfig } from './config/jwt.js';
import { readJwtConfig } from './config/jwt.js';
import type { OidcConfig } from './config/oidc.js';
import { readOidcConfig } from './config/oidc.js';
import type { MarkingConfig } from './config/marking.js';
import { readMarking } from './config/marking.js';
import type { TrainerConfig } from './config/trainer.js';
import { readTrainer } from './config/trainer.js';
import type { WebhookConfig } from './config/webhooks.js';
import { readWebhookConfig } from './config/webhooks.js';
import type { MqttConfig } from './config/mqtt.js';
import { readMqttConfig } from './config/mqtt.js';
import type { ConnectionLimits } from './config/connections.js';
import { readConnectionLimits } from './config/connections.js';
import type { TrustedDocumentsConfig } from './config/trustedDocuments.js';
import { readTrustedDocuments } from './config/trustedDocuments.js';
import { StartError } from './errors.js';

export type { Limits, TenantLimits } from './config/limits.js';
export type { TrustedDocumentsConfig } from './config/trustedDocuments.js';
export type { WebhookConfig } from './config/webhooks.js';

export interface Config {
  /**
   * `api` serves the API and runs no models. `worker` runs models and serves only health and metrics. `all` does both.
   * `trainer` trains models and serves only health and metrics.
   */
  readonly role: ProcessRole;
  /** A PostgreSQL server. Undefined selects PGlite in the data directory. */
  readonly databaseUrl: string | undefined;
  /** An S3-compatible store for artifacts. Undefined selects the data directory. */
  readonly s3: S3Location | undefined;
  /** Signs URLs. All processes must share it. Undefined: one is generated and kept in the data directory. */
  readonly urlSecret: Uint8Array | undefined;
  /** The devices that run models: `cpu`, `cuda:N`, `webgpu`. */
  readonly devices: readonly string[];
  /** Null selects a suitable precision for each device. */
  readonly precision: Precision | null;
  /** The maximum number of rows in one evaluation of the denoiser. Null: the best number is measured. */
  readonly maximumRows: number | null;
  /** Models of tenants that a worker keeps open. */
  readonly maximumOpenModels: number;
  /** Of memory, of the models of tenants that a worker keeps open. */
  readonly maximumOpenModelBytes: number;
  readonly deviceSilenceSeconds: number;
  /** Undefined: this process does not train. */
  readonly trainer: TrainerConfig | undefined;
  /** How long after its last heartbeat another process takes over the work of a process. */
  readonly leaseSeconds: number;
  readonly host: string;
  /** How long an idle connection stays open: longer than the balancers in front keep theirs. */
  readonly keepAliveSeconds: number;
  /** Origins of web pages that may call this service; "*" for all. */
  readonly corsOrigins: readonly string[];
  readonly console: ConsoleConfig;
  /** Whether the schema is a subgraph of Apollo Federation. */
  readonly federation: boolean;
  /** Whether the Model Context Protocol is served at /mcp. */
  readonly mcp: boolean;
  /** 0 lets the system choose. */
  readonly port: number;
  /** The service writes only below this directory. */
  readonly dataDirectory: string;
  readonly modelsDirectory: string;
  /** The API key of the default tenant. Undefined: one is generated at the first start. */
  readonly apiKey: string | undefined;
  /**
   * The secret for hashing keys. Machines that share a database must share it. Undefined: one is generated at the first
   * start.
   */
  readonly keyHashSecret: string | undefined;
  /** Undefined if JSON Web Tokens are not accepted. */
  readonly jwt: JwtConfig | undefined;
  /** Undefined if nobody signs in to the console at the issuer of JSON Web Tokens. */
  readonly oidc: OidcConfig | undefined;
  /** "name" or "name@version". Undefined selects the newest version of the first bundle by name. */
  readonly defaultModel: string | undefined;
  /** The origin of signed URLs. Undefined selects that of the request. */
  readonly publicUrl: string | undefined;
  readonly artifactUrlSeconds: number;
  readonly limits: Limits;
  readonly connections: ConnectionLimits;
  readonly webhooks: WebhookConfig;
  /** Undefined: events are not published to an MQTT broker. */
  readonly mqtt: MqttConfig | undefined;
  readonly marking: MarkingConfig;
  readonly trustedDocuments: TrustedDocumentsConfig;
  readonly logLevel: string;
  /** The lowest role that may introspect the schema. */
  readonly introspection: IntrospectionRole;
  /** The bearer token for /metrics. Undefined: /metrics answers only this machine. */
  readonly metricsToken: string | undefined;
}

export type IntrospectionRole = (typeof INTROSPECTION_ROLES)[number];

export type ProcessRole = (typeof ROLES)[number];

const ROLES = ['all', 'api', 'worker', 'trainer'] as const;
const INTROSPECTION_ROLES = ['VIEWER', 'OPERATOR', 'ADMIN', 'NONE'] as const;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export function readConfig(env: NodeJS.ProcessEnv): Config {
  const databaseUrl = readDatabaseUrl(env);
  const jwt = readJwtConfig(env);
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
    maximumOpenModels: integer(env, 'MAX_OPEN_MODELS', 32, 1, 1000),
    maximumOpenModelBytes: integer(env, 'MAX_OPEN_MODEL_BYTES', 2 ** 30, 2 ** 20, 2 ** 40),
    deviceSilenceSeconds: readDeviceSilence(env),
    trainer: readTrainer(env, role),
    leaseSeconds: integer(env, 'LEASE_SECONDS', 30, 2, 600),
    host: text(env, 'HOST') ?? '127.0.0.1',
    port: integer(env, 'PORT', 4000, 0, 65_535),
    keepAliveSeconds: integer(env, 'HTTP_KEEP_ALIVE_SECONDS', 75, 1, 3600),
    corsOrigins: readCorsOrigins(env),
    console: readConsoleConfig(env),
    federation: flag(env, 'FEDERATION'),
    mcp: flag(env, 'MCP'),
    dataDirectory: resolve(text(env, 'DATA_DIR') ?? 'data'),
    modelsDirectory: resolve(text(env, 'MODELS_DIR') ?? fileURLToPath(new URL('../models', import.meta.url))),
    apiKey: token(env, 'DEFECTDIFFU_API_KEY'),
    keyHashSecret: longSecret(env, 'KEY_HASH_SECRET'),
    jwt,
    oidc: readOidcConfig(env, jwt),
    defaultModel: text(env, 'DEFAULT_MODEL'),
    publicUrl: origin(env, 'PUBLIC_URL'),
    artifactUrlSeconds: integer(env, 'ARTIFACT_URL_SECONDS', 3600, 1, 7 * 86_400),
    limits: readLimits(env),
    connections: readConnectionLimits(env),
    webhooks: readWebhookConfig(env),
    mqtt: readMqttConfig(env),
    marking: readMarking(env),
    trustedDocuments: readTrustedDocuments(env),
    logLevel: oneOf(env, 'LOG_LEVEL', LOG_LEVELS, 'info'),
    introspection: oneOf(env, 'INTROSPECTION', INTROSPECTION_ROLES, 'VIEWER'),
    metricsToken: token(env, 'METRICS_TOKEN'),
  };
}
