/** Secret settings. Error messages never show their values. */
import { StartError } from '../errors.js';
import type { SettingName } from './settings.js';
import type { Environment } from './environment.js';
import { text } from './environment.js';

const SECRET_BYTES = 32;

/** A bearer token that callers send. */
export function token(env: Environment, name: SettingName): string | undefined {
  const key = text(env, name);
  if (key === undefined || /^[\x21-\x7e]{8,200}$/.test(key)) return key;
  throw new StartError(`${name}: must be 8 to 200 printable ASCII characters without spaces`);
}

export function longSecret(env: Environment, name: SettingName): string | undefined {
  const value = text(env, name);
  if (value === undefined || value.length >= 32) return value;
  throw new StartError(
    `${name}: must have 32 characters or more, not ${String(value.length)}; "openssl rand -hex 32" makes one`,
  );
}

/** 32 bytes, in hexadecimal or base64. */
export function secretBytes(env: Environment, name: SettingName): Uint8Array | undefined {
  const value = text(env, name);
  if (value === undefined) return undefined;
  const bytes = /^[0-9a-f]{64}$/i.test(value) ? Buffer.from(value, 'hex') : Buffer.from(value, 'base64');
  if (bytes.length === SECRET_BYTES) return bytes;
  throw new StartError(`${name}: must be ${String(SECRET_BYTES)} bytes, in hexadecimal or base64`);
}
