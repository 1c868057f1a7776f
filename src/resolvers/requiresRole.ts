/**
 * Declares the role that a field requires. Without it, every authenticated caller may use the field. Every mutation
 * must declare a role; test/roles.test.ts checks that.
 */
import type { AuthCheckerFn } from 'type-graphql';
import { Authorized, Extensions } from 'type-graphql';
import type { Role } from '../tenants/identity.js';
import { requireRole } from '../tenants/identity.js';
import type { Context } from './context.js';

/** `@RequiresRole('OPERATOR')` on a field also sets its schema extension `requiredRole`. */
export function RequiresRole(role: Role): MethodDecorator {
  return (target, name, descriptor) => {
    Authorized(role)(target, name, descriptor);
    (Extensions({ requiredRole: role }) as MethodDecorator)(target, name, descriptor);
  };
}

export const checkRole: AuthCheckerFn<Context, Role> = ({ context }, roles) => {
  for (const role of roles) requireRole(context.identity, role);
  return true;
};
