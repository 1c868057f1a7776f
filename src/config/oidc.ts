/** Signing in to the console at the issuer of JSON Web Tokens (OpenID Connect). Off unless OIDC_CLIENT_ID is set. */
import { StartError } from '../errors.js';
import type { Environment } from './environment.js';
import { text } from './environment.js';
import type { JwtConfig } from './jwt.js';
import { isSecureUrl } from './jwt.js';

export interface OidcConfig {
  /** Also the audience of the ID tokens. */
  readonly clientId: string;
  /** Undefined for a public client, which has only PKCE. */
  readonly clientSecret: string | undefined;
  readonly scope: string;
}

export function readOidcConfig(env: Environment, jwt: JwtConfig | undefined): OidcConfig | undefined {
  const clientId = text(env, 'OIDC_CLIENT_ID');
  const clientSecret = text(env, 'OIDC_CLIENT_SECRET');
  if (clientId === undefined) {
    if (clientSecret === undefined) return undefined;
    throw new StartError('OIDC_CLIENT_ID: required with OIDC_CLIENT_SECRET');
  }
  if (jwt === undefined)
    throw new StartError('OIDC_CLIENT_ID: needs JWT_ISSUER, JWT_AUDIENCE, and JWT_JWKS: people sign in at that issuer');
  if (!isSecureUrl(jwt.issuer))
    throw new StartError(
      `JWT_ISSUER: "${jwt.issuer}" is not an https URL, so nobody can sign in there (OIDC_CLIENT_ID)`,
    );
  const scope = text(env, 'OIDC_SCOPE') ?? 'openid profile';
  if (!scope.split(' ').includes('openid')) throw new StartError(`OIDC_SCOPE: "${scope}" lacks "openid"`);
  return { clientId, clientSecret, scope };
}
