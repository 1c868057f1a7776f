/**
 * The issuer of accepted JSON Web Tokens. JWT_ISSUER, JWT_AUDIENCE, and JWT_JWKS must be set together or not at all.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { StartError } from '../errors.js';
import type { Environment } from './environment.js';
import { integer, text } from './environment.js';

export interface JwtConfig {
  readonly issuer: string;
  readonly audience: string;
  /** The location of the issuer's public keys: an https URL or a file. */
  readonly jwks: URL;
  readonly clockSkewSeconds: number;
  readonly tenantClaim: string;
  /** All of these claims are read. The highest role in any of them counts. */
  readonly roleClaims: readonly string[];
}

export function readJwtConfig(env: Environment): JwtConfig | undefined {
  const issuer = text(env, 'JWT_ISSUER');
  const audience = text(env, 'JWT_AUDIENCE');
  const jwks = text(env, 'JWT_JWKS');
  if (issuer === undefined && audience === undefined && jwks === undefined) return undefined;
  if (issuer === undefined || audience === undefined || jwks === undefined) {
    const needed = { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_JWKS: jwks };
    const missing = Object.entries(needed).flatMap(([name, value]) => (value === undefined ? [name] : []));
    throw new StartError(
      `${missing.join(' and ')}: required with the other JWT settings; without it, tokens of other issuers would be accepted`,
    );
  }
  const roleClaim = text(env, 'JWT_ROLE_CLAIM');
  return {
    issuer,
    audience,
    jwks: jwksLocation(jwks),
    clockSkewSeconds: integer(env, 'JWT_CLOCK_SKEW_SECONDS', 60, 0, 600),
    tenantClaim: text(env, 'JWT_TENANT_CLAIM') ?? 'tenant',
    roleClaims: roleClaim === undefined ? ['role', 'roles'] : [roleClaim],
  };
}

/** What comes over an unencrypted connection could be forged. On this machine, no network is involved. */
export function isSecureUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname));
}

function jwksLocation(value: string): URL {
  if (/^[a-z]+:\/\//i.test(value) && URL.canParse(value)) {
    if (isSecureUrl(value)) return new URL(value);
    throw new StartError(`JWT_JWKS: "${value}" is neither an https URL nor a file`);
  }
  if (!existsSync(value)) throw new StartError(`JWT_JWKS: there is no file "${resolve(value)}"`);
  return pathToFileURL(resolve(value));
}
