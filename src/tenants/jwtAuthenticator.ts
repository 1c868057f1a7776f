/**
 * Turns a JSON Web Token into an identity. The token must be signed by a key of the issuer, be valid now and for this
 * audience, and name a tenant and a role. A message never reveals whether a tenant exists to a caller that does not
 * belong to it.
 */
import { eq } from '../storage/drizzle.js';
import type { JWTPayload } from 'jose';
import { errors, jwtVerify } from 'jose';
import { ServiceError, quote } from '../errors.js';
import type { Log } from '../log.js';
import type { Database } from '../storage/database.js';
import { isStorable } from '../storage/storableText.js';
import { tenants } from '../storage/tables.js';
import type { Identity, Role } from './identity.js';
import { ROLES, highestRole, parseRole } from './identity.js';
import { createJwks } from './jwks.js';
import { unauthenticated } from './credentialStatus.js';
import type { JwtConfig } from '../config/jwt.js';

/** Asymmetric algorithms only: with a shared secret, everyone who verifies tokens could also create them. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

export type JwtAuthenticator = (token: string) => Promise<Identity>;

/** Three parts, the first of which is a JSON object in base64url. The last one is empty if the token is unsigned. */
export function looksLikeJwt(text: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(text);
}

export function createJwtAuthenticator(database: Database, config: JwtConfig, log: Log): JwtAuthenticator {
  const { issuer, audience, clockSkewSeconds } = config;
  const keys = createJwks(config.jwks, log);
  const options = {
    issuer,
    audience,
    algorithms: ALGORITHMS,
    clockTolerance: clockSkewSeconds,
    requiredClaims: ['exp'],
  };

  return async (token) => {
    const { payload } = await jwtVerify(token, keys, options).catch((error: unknown) => {
      throw error instanceof errors.JOSEError ? unauthenticated(explain(error)) : error;
    });
    const { id: tenantId, name: tenantName } = await tenantOf(payload);
    const role = roleOf(payload, config.roleClaims);
    const expiresAt = new Date(((payload.exp ?? 0) + clockSkewSeconds) * 1000);
    return { tenantId, tenantName, role, subject: `token:${payload.sub ?? ''}`, keyId: undefined, expiresAt };
  };

  async function tenantOf(payload: JWTPayload): Promise<{ id: string; name: string }> {
    const name = claim(payload, config.tenantClaim);
    if (typeof name !== 'string' || name === '')
      throw unauthenticated(`The token has no claim "${config.tenantClaim}".`);
    // A text that the database cannot store is not the name of a tenant.
    const [row] = isStorable(name) ? await database.select().from(tenants).where(eq(tenants.name, name)) : [];
    if (row !== undefined && row.disabledAt === null) return row;
    throw unauthenticated(`The tenant that the token names, ${quote(name)}, is not served here.`);
  }
}

function roleOf(payload: JWTPayload, names: readonly string[]): Role {
  const held = names.flatMap((name) => claim(payload, name)).map(parseRole);
  const role = highestRole(held.filter((found) => found !== undefined));
  if (role !== undefined) return role;
  const claims = names.map((name) => `"${name}"`).join(' or ');
  throw new ServiceError('FORBIDDEN', `The token's claim ${claims} has no role of this service: ${ROLES.join(', ')}.`);
}

/** By name, which can contain dots, as URLs do; otherwise by path, such as realm_access.roles. */
function claim(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  return name
    .split('.')
    .reduce<unknown>(
      (value, part) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, part)
          ? (value as Record<string, unknown>)[part]
          : undefined,
      payload,
    );
}

function explain(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'The token has expired.';
  if (error instanceof errors.JWTClaimValidationFailed) {
    return `The token's claim "${error.claim}" is ${error.reason === 'missing' ? 'missing' : 'not the expected one'}.`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return `The token is not signed with one of ${ALGORITHMS.join(', ')}.`;
  }
  if (error instanceof errors.JWKSMultipleMatchingKeys)
    return 'The token names no key (kid), and its issuer has several.';
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed) {
    return "The token's signature is not from a key of its issuer.";
  }
  return 'The token cannot be read.';
}
