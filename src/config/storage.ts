/** Locations: the database, the artifact store, the public origin, and those of web pages. */
import { StartError } from '../errors.js';
import type { SettingName } from './settings.js';
import type { Environment } from './environment.js';
import { flag, list, text } from './environment.js';

export interface S3Location {
  readonly bucket: string;
  /** Without leading and trailing slashes. Empty for the root of the bucket. */
  readonly prefix: string;
  /** For an S3-compatible store other than Amazon's. */
  readonly endpoint: string | undefined;
  /** The address for clients, if it differs. */
  readonly publicEndpoint: string | undefined;
  readonly region: string;
  /** Whether the bucket is in the path instead of the host name. */
  readonly pathStyle: boolean;
}

export function origin(env: Environment, name: SettingName): string | undefined {
  const value = text(env, name);
  if (value === undefined) return undefined;
  if (isOrigin(value)) return new URL(value).origin;
  throw new StartError(
    `${name}: "${value}" is not an http(s) origin, such as https://defects.example.com, without a path`,
  );
}

function isOrigin(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
}

export function readCorsOrigins(env: Environment): readonly string[] {
  const what = 'an http(s) origin without a path, such as https://mes.example.com, or *';
  const found = list(env, 'CORS_ORIGINS', '', (item) => item === '*' || isOrigin(item), what);
  return found.map((item) => (item === '*' ? item : new URL(item).origin));
}

export function readDatabaseUrl(env: Environment): string | undefined {
  const value = text(env, 'DATABASE_URL');
  if (value === undefined || (/^postgres(ql)?:\/\//.test(value) && URL.canParse(value))) return value;
  // The value is not shown, because it can contain a password.
  throw new StartError('DATABASE_URL: is not a URL of the form postgres://user:password@host:port/database');
}

export function readS3Location(env: Environment): S3Location | undefined {
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
    pathStyle: flag(env, 'S3_FORCE_PATH_STYLE'),
  };
}
