/** The whole configuration, read once from the environment. Nothing else reads `process.env`. */
import { fileURLToPath } from 'node:url';
import { resolve } from 'node:path';
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
  readonly logLevel: string;
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
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

export function readConfig(env: NodeJS.ProcessEnv): Config {
  return {
    host: text(env, 'HOST') ?? '127.0.0.1',
    port: integer(env, 'PORT', 4000, 0, 65_535),
    dataDirectory: resolve(text(env, 'DATA_DIR') ?? 'data'),
    modelsDirectory: resolve(text(env, 'MODELS_DIR') ?? fileURLToPath(new URL('../models', import.meta.url))),
    apiKey: apiKey(env),
    defaultModel: text(env, 'DEFAULT_MODEL'),
    publicUrl: origin(env, 'PUBLIC_URL'),
    artifactUrlSeconds: integer(env, 'ARTIFACT_URL_SECONDS', 3600, 1, 7 * 86_400),
    limits: {
      samplesPerGeneration: integer(env, 'MAX_SAMPLES_PER_GENERATION', 1000, 1, 100_000),
      generationsPerRequest: integer(env, 'MAX_GENERATIONS_PER_REQUEST', 100, 1, 1000),
      queuedSamples: integer(env, 'MAX_QUEUED_SAMPLES', 10_000, 1, 10_000_000),
      samplesPerExport: integer(env, 'MAX_EXPORT_SAMPLES', 10_000, 1, 100_000),
      maximumUploadBytes: integer(env, 'MAX_UPLOAD_BYTES', 32 * 1024 * 1024, 1024, 1024 * 1024 * 1024),
    },
    logLevel: oneOf(env, 'LOG_LEVEL', LOG_LEVELS, 'info'),
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

function apiKey(env: NodeJS.ProcessEnv): string | undefined {
  const key = text(env, 'DEFECTDIFFU_API_KEY');
  if (key === undefined || /^[\x21-\x7e]{8,200}$/.test(key)) return key;
  throw new StartError('DEFECTDIFFU_API_KEY: must be 8 to 200 printable ASCII characters without spaces');
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
