/** Who calls, and what that allows. Every transport makes one of it, and nothing else tells tenants apart. */
import { ServiceError } from '../errors.js';

/** Each may do what those before it may. */
export const ROLES = ['VIEWER', 'OPERATOR', 'ADMIN'] as const;
export type Role = (typeof ROLES)[number];

export interface Identity {
  readonly tenantId: string;
  readonly tenantName: string;
  readonly role: Role;
  /** "key:<id>", or "token:<sub>". */
  readonly subject: string;
  /** Of an API key; a token has none. */
  readonly keyId: string | undefined;
  readonly expiresAt: Date | undefined;
}

/** Throws `ServiceError` FORBIDDEN, which names the role that is needed and the one that is held. */
export function requireRole({ role }: Identity, needed: Role): void {
  if (rank(role) >= rank(needed)) return;
  const message = `This needs the role ${needed}; the caller's role is ${role}.`;
  throw new ServiceError('FORBIDDEN', message, { needed, held: role });
}

export function highestRole(roles: readonly Role[]): Role | undefined {
  return ROLES.findLast((role) => roles.includes(role));
}

/** Undefined for what is no role; case does not matter. */
export function parseRole(name: unknown): Role | undefined {
  return typeof name === 'string' ? ROLES.find((role) => role === name.toUpperCase()) : undefined;
}

function rank(role: Role): number {
  return ROLES.indexOf(role);
}
