/**
 * Who sends a request. The caller is identified before the body is read, so that nothing is kept for who is not known,
 * and once per request, whoever asks.
 */
import type { IncomingMessage } from 'node:http';
import type { AccessControl } from '../tenants/accessControl.js';
import type { Identity } from '../tenants/identity.js';

export interface Callers {
  /** Throws `ServiceError`, and the errors of the database. */
  identify(request: IncomingMessage): Promise<Identity>;
}

export function createCallers(access: AccessControl): Callers {
  const known = new WeakMap<IncomingMessage, Promise<Identity>>();
  return {
    identify(request) {
      const found = known.get(request) ?? access.authenticate(request.headers.authorization);
      known.set(request, found);
      return found;
    },
  };
}
