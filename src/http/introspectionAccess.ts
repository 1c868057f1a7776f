/** Refuses introspection to callers below the role in INTROSPECTION. The same query limits apply to all others. */
import type { DocumentNode } from 'graphql';
import { BREAK, visit } from 'graphql';
import type { IntrospectionRole } from '../config.js';
import { ServiceError } from '../errors.js';
import type { Identity } from '../tenants/identity.js';
import { requireRole } from '../tenants/identity.js';
import { isIntrospection } from './introspectionSize.js';

/** Throws `ServiceError` FORBIDDEN. */
export function requireIntrospection(document: DocumentNode, caller: Identity, needed: IntrospectionRole): void {
  if (needed === 'VIEWER' || !introspects(document)) return;
  if (needed !== 'NONE') return requireRole(caller, needed);
  throw new ServiceError('FORBIDDEN', 'This service does not answer introspection; schema.graphql has the schema.');
}

function introspects(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Field(node) {
      // A subgraph tells its schema in `_service` too.
      found ||= isIntrospection(node) || node.name.value === '_service';
      return found ? BREAK : undefined;
    },
  });
  return found;
}
