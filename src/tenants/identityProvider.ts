/**
 * Signing in at the tenants' identity provider: OpenID Connect's authorization code with PKCE, at the issuer of the
 * accepted tokens. The ID token is checked like every token, for the client as its audience, and it names the tenant
 * and the role in the same claims.
 */
import * as client from 'openid-client';
import type { OidcConfig } from '../config/oidc.js';
import { ServiceError, quote } from '../errors.js';
import type { Log } from '../log.js';
import { unauthenticated } from './credentialStatus.js';
import type { Identity } from './identity.js';
import type { JwtAuthenticator } from './jwtAuthenticator.js';

/** What the browser keeps until it comes back. Each value is random and used once. */
export interface PendingSignIn {
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE: only who began the sign-in can use the code. */
  readonly verifier: string;
}

export interface Person {
  readonly identity: Identity;
  readonly name: string;
}

export interface IdentityProvider {
  /** Where to send the browser. Throws AUTH_UNAVAILABLE. */
  begin(redirectUri: string): Promise<{ readonly url: URL; readonly pending: PendingSignIn }>;
  /** @param answer the URL at which the browser came back. Throws UNAUTHENTICATED, FORBIDDEN, and AUTH_UNAVAILABLE. */
  finish(answer: URL, pending: PendingSignIn): Promise<Person>;
}

const TIMEOUT_S = 10;
const RETRY_MS = 5_000;
const LONGEST_NAME = 200;

export function createIdentityProvider(
  { clientId, clientSecret, scope }: OidcConfig,
  issuer: string,
  authenticate: JwtAuthenticator,
  log: Log,
): IdentityProvider {
  let discovered: Promise<client.Configuration> | undefined;

  /** Once; after a failure, the next sign-in asks again. */
  function discover(): Promise<client.Configuration> {
    const url = new URL(issuer);
    discovered ??= client
      .discovery(url, clientId, clientSecret, clientSecret === undefined ? client.None() : withSecret(clientSecret), {
        timeout: TIMEOUT_S,
        execute: url.protocol === 'http:' ? [client.allowInsecureRequests] : [],
      })
      .catch((error: unknown) => {
        discovered = undefined;
        throw unavailable(error);
      });
    return discovered;
  }

  /** What the caller is told. */
  function explain(error: unknown): unknown {
    if (error instanceof ServiceError) return error;
    if (error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError) {
      const { error: code, error_description: description = code } = error;
      return unauthenticated(`The identity provider refused the sign-in: ${quote(description)}.`);
    }
    if (error instanceof client.WWWAuthenticateChallengeError) {
      log.warn({ err: error, issuer }, 'the identity provider refused the client');
      const settings = 'OIDC_CLIENT_ID or OIDC_CLIENT_SECRET';
      return unauthenticated(`The identity provider refused this service; the operator's ${settings} is wrong.`);
    }
    if (!(error instanceof client.ClientError) || isUnreachable(error)) return unavailable(error);
    log.warn({ err: error, issuer }, 'an answer of the identity provider was refused');
    return unauthenticated('The answer of the identity provider does not belong to this sign-in; begin again.');
  }

  function unavailable(error: unknown): ServiceError {
    log.warn({ err: error, issuer }, 'the identity provider does not answer');
    const message = 'The identity provider cannot be reached now. Try again soon.';
    return new ServiceError('AUTH_UNAVAILABLE', message, { retryAfterMs: RETRY_MS });
  }

  return {
    async begin(redirectUri) {
      const pending = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
      };
      const url = client.buildAuthorizationUrl(await discover(), {
        redirect_uri: redirectUri,
        scope,
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
        code_challenge_method: 'S256',
      });
      return { url, pending };
    },

    async finish(answer, { state, nonce, verifier }) {
      try {
        const tokens = await client.authorizationCodeGrant(await discover(), answer, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const identity = await authenticate(tokens.id_token ?? '');
        const claims: Readonly<Record<string, unknown>> = tokens.claims() ?? {};
        const names = [claims['name'], claims['preferred_username'], claims['email'], claims['sub']];
        const shown = names.find((one) => typeof one === 'string' && one !== '');
        return { identity, name: String(shown).replaceAll('\0', '').slice(0, LONGEST_NAME) };
      } catch (error) {
        throw explain(error);
      }
    },
  };
}

/** In the body of the request where the provider lists that, otherwise as every provider takes it by the standard. */
function withSecret(secret: string): client.ClientAuth {
  const [inBody, inHeader] = [client.ClientSecretPost(secret), client.ClientSecretBasic(secret)];
  return (provider, ...request) => {
    const { token_endpoint_auth_methods_supported: methods = [] } = provider;
    (methods.includes('client_secret_post') ? inBody : inHeader)(provider, ...request);
  };
}

/** The library wraps what fetch throws. */
function isUnreachable({ code }: client.ClientError): boolean {
  return code === 'OAUTH_TIMEOUT' || code === 'OAUTH_ABORT';
}
