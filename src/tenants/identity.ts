/** The caller, and what it may do. All transports create an identity, and nothing else determines the tenant. */
import { ServiceError } from '../errors.js';

/** Each role includes the ones before it. */
export const ROLES = ['VIEWER', 'OPERATOR', 'ADMIN'] as const;
export type Role = (typeof ROLES)[number];

export interface Identity {
  readonly tenantId: string;
  readonly tenantName: string;
  readonly role: Role;
  /** "key:<id>" or "token:<sub>". */
  readonly subject: string;
  /** Set for an API key. A token has none. */
  readonly keyId: string | undefined;
  readonly expiresAt: Date | undefined;
  /** Set for who is signed in to the console. */
  readonly consoleSessionId?: string;
}

export function mayActAs({ role }: Identity, needed: Role): boolean {
  return rank(role) >= rank(needed);
}

/** Throws `ServiceError` FORBIDDEN, which names the required role and the caller's role. */
export function requireRole(identity: Identity, needed: Role): void {
  if (mayActAs(identity, needed)) return;
  const message = `This needs the role ${needed}; the caller's role is ${identity.role}.`;
  throw new ServiceError('FORBIDDEN', message, { needed, held: identity.role });
}

export function highestRole(roles: readonly Role[]): Role | undefined {
  return ROLES.findLast((role) => roles.includes(role));
}

/** Undefined for a name that is no role. Case does not matter. */
export function parseRole(name: unknown): Role | undefined {
  return typeof name === 'string' ? ROLES.find((role) => role === name.toUpperCase()) : undefined;
}

function rank(role: Role): number {
  return ROLES.indexOf(role);
}
