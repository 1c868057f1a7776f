/** Whose JSON Web Tokens are taken: JWT_ISSUER, JWT_AUDIENCE and JWT_JWKS together, or none. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { StartError } from '../errors.js';

export interface TokenConfig {
  readonly issuer: string;
  readonly audience: string;
  /** Of the issuer's public keys: https, or a file. */
  readonly jwks: URL;
  readonly clockSkewSeconds: number;
  readonly tenantClaim: string;
  /** The first of them is asked first; the highest role in any of them counts. */
  readonly roleClaims: readonly string[];
}

export function readTokenConfig(env: NodeJS.ProcessEnv): TokenConfig | undefined {
  const value = (name: string): string | undefined => env[name]?.trim() || undefined;
  const needed = ['JWT_ISSUER', 'JWT_AUDIENCE', 'JWT_JWKS'] as const;
  const [issuer, audience, jwks] = needed.map(value);
  if (issuer === undefined && audience === undefined && jwks === undefined) return undefined;
  if (issuer === undefined || audience === undefined || jwks === undefined) {
    const missing = needed.filter((name) => value(name) === undefined);
    throw new StartError(
      `${missing.join(' and ')}: needed beside the other JWT settings, or tokens of anyone would do`,
    );
  }
  const roleClaim = value('JWT_ROLE_CLAIM');
  return {
    issuer,
    audience,
    jwks: sourceOf(jwks),
    clockSkewSeconds: skew(value('JWT_CLOCK_SKEW_SECONDS') ?? '60'),
    tenantClaim: value('JWT_TENANT_CLAIM') ?? 'tenant',
    roleClaims: roleClaim === undefined ? ['role', 'roles'] : [roleClaim],
  };
}

/** Keys that came over a plain line could be anyone's; on this machine itself there is no line. */
function sourceOf(value: string): URL {
  if (/^[a-z]+:\/\//i.test(value) && URL.canParse(value)) {
    const url = new URL(value);
    const local = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
    if (url.protocol === 'https:' || (url.protocol === 'http:' && local)) return url;
    throw new StartError(`JWT_JWKS: "${value}" is neither an https URL nor a file`);
  }
  if (!existsSync(value)) throw new StartError(`JWT_JWKS: there is no file "${resolve(value)}"`);
  return pathToFileURL(resolve(value));
}

function skew(value: string): number {
  if (/^\d+$/.test(value) && Number(value) <= 600) return Number(value);
  throw new StartError(`JWT_CLOCK_SKEW_SECONDS: "${value}" is not a whole number in 0 … 600`);
}
