/** The whole configuration, read once from the environment. Nothing else reads `process.env`. */
import { fileURLToPath } from 'node:url';
import { resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import { StartError } from './errors.js';

export interface Config {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Everything the service writes lies under it. */
  readonly dataDirectory: string;
  readonly modelsDirectory: string;
  /** Sets the API key of the default tenant; otherwise one is generated at the first start. */
  readonly apiKey: string | undefined;
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
  /** Of the file that is sent, whatever it holds. */
  readonly maximumUploadBytes: number;
}

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

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

export function readConfig(env: NodeJS.ProcessEnv): Config {
  return {
    host: text(env, 'HOST') ?? '127.0.0.1',
    port: integer(env, 'PORT', 4000, 0, 65_535),
    dataDirectory: resolve(text(env, 'DATA_DIR') ?? 'data'),
    modelsDirectory: resolve(text(env, 'MODELS_DIR') ?? fileURLToPath(new URL('../models', import.meta.url))),
    apiKey: secret(env, 'DEFECTDIFFU_API_KEY'),
    defaultModel: text(env, 'DEFAULT_MODEL'),
    publicUrl: origin(env, 'PUBLIC_URL'),
    artifactUrlSeconds: integer(env, 'ARTIFACT_URL_SECONDS', 3600, 1, 7 * 86_400),
    limits: {
      samplesPerGeneration: integer(env, 'MAX_SAMPLES_PER_GENERATION', 1000, 1, 100_000),
      generationsPerRequest: integer(env, 'MAX_GENERATIONS_PER_REQUEST', 100, 1, 1000),
      queuedSamples: integer(env, 'MAX_QUEUED_SAMPLES', 10_000, 1, 10_000_000),
      maximumUploadBytes: integer(env, 'MAX_UPLOAD_BYTES', 32 * 1024 * 1024, 1024, 1024 * 1024 * 1024),
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
    metricsToken: secret(env, 'METRICS_TOKEN'),
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

function oneOf(env: NodeJS.ProcessEnv, name: string, values: readonly string[], fallback: string): string {
  const value = text(env, name) ?? fallback;
  if (values.includes(value)) return value;
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

function secret(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const key = text(env, name);
  if (key === undefined || /^[\x21-\x7e]{8,200}$/.test(key)) return key;
  throw new StartError(`${name}: must be 8 to 200 printable ASCII characters without spaces`);
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
